/** @file An error that a client is answered with. */

/** `message` is one line for the client; 5xx are for what only the server's owner can mend. */
export const httpError = (statusCode: number, message: string): Error =>
  Object.assign(new Error(message), { statusCode });
