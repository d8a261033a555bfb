/** @file Who may use the service: whoever has the token; without one, pages and programs of this machine. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { httpError } from "./http-error.ts";

/** Whether only this machine reaches an address. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1|\[::1\])$/i.test(host);

/** Throws 401 for a request without the token. Takes as long whatever is sent. */
export function requireToken({ headers }: FastifyRequest, token: string): void {
  const [, given = ""] = /^Bearer (.+)$/i.exec(headers.authorization ?? "") ?? [];
  const digest = (text: string) => createHash("sha256").update(text).digest();
  if (!timingSafeEqual(digest(given), digest(token)))
    throw httpError(401, 'this service needs its token in the header "Authorization: Bearer TOKEN"');
}

/**
 * Throws 403 for what a page of another site makes the user's browser send: under a name of its own that leads here (DNS
 * rebinding), or as a form.
 */
export function requireLocal({ hostname, host, headers: { origin } }: FastifyRequest): void {
  if (!isLoopback(hostname)) throw httpError(403, "this service answers to localhost and 127.0.0.1 only");
  if (origin !== undefined && origin !== `http://${host}`)
    throw httpError(403, "this service answers to its own page only, not to those of other sites");
}
