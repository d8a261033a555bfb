/**
 * @file The one error class: a problem that its reader can mend, and what finds such a problem in names and files. Everything
 * else that is thrown is a bug and keeps its stack.
 */

/**
 * A problem the user can mend. The message is one line: what must hold, what was found, the way out.
 * The command line prints it and exits with 2; a page shows it as a banner.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Throws a `UserError` that lists the known names when `name` is not a key of `table`. */
export function lookUp<T extends object>(table: T, name: string, kind: string): T[keyof T] {
  if (Object.hasOwn(table, name)) return table[name as keyof T];
  throw new UserError(`${kind} "${name}" is not known; known are: ${Object.keys(table).join(", ")}`);
}

/** What a JSON file holds; `name` is for messages. Throws a `UserError` for other bytes. */
export function parseJson(bytes: Uint8Array, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UserError(`${name} must be JSON: ${(error as Error).message}`);
  }
}
