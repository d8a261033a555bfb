/** @file The service worker: the page's files in a cache, so that it works without a network after the first visit. */

/** What is used of the interface, which the page's DOM types do not have. */
interface Worker extends EventTarget {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: string, listener: (event: WorkerEvent) => void): void;
}
interface WorkerEvent extends Event {
  readonly request: Request;
  readonly data: { readonly keep: readonly string[] };
  readonly source: { postMessage(message: unknown): void } | null;
  waitUntil(work: Promise<unknown>): void;
  respondWith(response: Promise<Response>): void;
}

const worker = self as unknown as Worker;
/** Written in by the build: a hash of the page, and its files. */
const CACHE = "med-danet __VERSION__";
const shell = "__SHELL__" as unknown as readonly string[];

worker.addEventListener("install", (event) =>
  event.waitUntil(
    caches.open(CACHE).then(async (cache) => Promise.all([cache.addAll([...shell]), worker.skipWaiting()])),
  ),
);

worker.addEventListener("activate", (event) => event.waitUntil(dropOldCaches().then(() => worker.clients.claim())));

async function dropOldCaches(): Promise<void> {
  for (const name of await caches.keys())
    if (name.startsWith("med-danet ") && name !== CACHE) await caches.delete(name);
}

/** The page names what it will need: engine and sample; the bank names its own files. */
worker.addEventListener("message", (event) => {
  keeping ??= keep(event.data.keep).finally(() => {
    keeping = undefined;
  });
  event.waitUntil(keeping.then(() => event.source?.postMessage("kept")));
});

let keeping: Promise<void> | undefined;

async function keep(paths: readonly string[]): Promise<void> {
  const bank = await (await fromNetwork(new Request("bank/bank.json"))).json();
  const models = [...bank.candidates, ...(bank.decision ? [bank.decision] : [])].map(
    ({ file }: { file: string }) => `bank/${file}`,
  );
  const cache = await caches.open(CACHE);
  for (const path of [...paths, ...models])
    if (!(await cache.match(path, { ignoreVary: true }))) await fromNetwork(new Request(path));
}

worker.addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== worker.location.origin || /\/(api|docs)(\/|$)/.test(pathname)) return;
  event.respondWith(isFixed(pathname) ? fromCache(event.request) : fromNetwork(event.request));
});

/** Files whose name or cache changes with their content. The page itself and the bank may be replaced on the server. */
const isFixed = (path: string) => /\/(assets|ort|sample)\//.test(path);

/** A server's "Vary" speaks of headers that a page's tags and this worker send differently; the content is the same. */
async function fromCache(request: Request): Promise<Response> {
  return (await (await caches.open(CACHE)).match(request, { ignoreVary: true })) ?? fromNetwork(request);
}

/** The server's answer, which is kept; without a network, what was kept. */
async function fromNetwork(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, response.clone());
    return response;
  } catch (reason) {
    const kept = await cache.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw reason;
  }
}
