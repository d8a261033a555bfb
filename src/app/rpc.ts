/** @file Calls from the page to its worker: every method takes one argument and gives a promise; events come in between. */

// biome-ignore lint/suspicious/noExplicitAny: a table of methods, whatever each of them takes
type Methods = Record<string, (argument: any) => Promise<unknown>>;

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } }
  | { readonly event: unknown };

/** Answers calls, in the worker. Gives the function that sends an event to the page. */
export function answerCalls<Event>(methods: Methods): (event: Event) => void {
  addEventListener("message", async ({ data: { id, method, argument } }: MessageEvent<Call>) => {
    try {
      postMessage({ id, value: await methods[method](argument) } satisfies Reply);
    } catch (reason) {
      const { name, message } = reason as Error;
      if (name !== "UserError" && name !== "AbortError") console.error(reason);
      postMessage({ id, error: { name, message } } satisfies Reply);
    }
  });
  return (event) => postMessage({ event } satisfies Reply);
}

/** The methods of a worker. What they throw keeps its name and message; a worker that breaks rejects every open call. */
export function connect<M extends Methods, Event>(worker: Worker, onEvent: (event: Event) => void) {
  const open = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ("event" in data) return onEvent(data.event as Event);
    const call = open.get(data.id);
    open.delete(data.id);
    if ("error" in data) call?.reject(Object.assign(new Error(data.error.message), { name: data.error.name }));
    else call?.resolve(data.value);
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of open.values()) reject(new Error(message ?? "the worker could not be started"));
    open.clear();
  };
  return <K extends keyof M & string>(method: K, argument: Parameters<M[K]>[0]): ReturnType<M[K]> =>
    new Promise((resolve, reject) => {
      open.set(++last, { resolve, reject });
      worker.postMessage({ id: last, method, argument } satisfies Call);
    }) as ReturnType<M[K]>;
}
