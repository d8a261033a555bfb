/** @file The service as one fastify instance: API, document at /docs, page, and one line of JSON for everything that is wrong. */

import multipart from "@fastify/multipart";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { UserError } from "../error.ts";
import { requireLocal } from "./access.ts";
import { type ApiOptions, addApi } from "./api.ts";
import { addPage, type PageFolders } from "./serve-page.ts";

export interface ServiceOptions extends ApiOptions {
  readonly page: PageFolders;
  readonly note: (line: string) => void;
}

/** A request must have arrived within so many milliseconds, upload included. */
const REQUEST_TIMEOUT = 600_000;

/** Listens to nothing yet. */
export async function createService(options: ServiceOptions): Promise<FastifyInstance> {
  const { token, note } = options;
  const app = fastify({
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    frameworkErrors: (error, _request, reply) => answerError(error, reply as FastifyReply, note),
  });
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error: Error, _request, reply) => answerError(error, reply, note));
  app.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send({ error: `there is no ${method} ${url.slice(0, 200)} here; /docs lists what there is` }),
  );
  app.removeAllContentTypeParsers();
  if (token === undefined) app.addHook("onRequest", async (request) => requireLocal(request));
  app.addHook("onSend", async (_request, reply) => {
    reply.header("x-content-type-options", "nosniff");
  });
  await app.register(multipart);
  await app.register(rateLimit, { global: false });
  await addDocument(app, options);
  await addApi(app, options);
  await addPage(app, options.page);
  return app;
}

/** A status of 4xx tells the client what to mend; the rest is for the log. */
function answerError(
  error: Error & { statusCode?: number; code?: string },
  reply: FastifyReply,
  note: (line: string) => void,
) {
  const isFull = error.code === "ENOSPC" || error.code === "EDQUOT";
  const status = error instanceof UserError ? 400 : isFull ? 507 : (error.statusCode ?? 500);
  if (status >= 500) note(error.stack ?? error.message);
  if (status === 401) reply.header("www-authenticate", "Bearer");
  const message = isFull
    ? "the server's disk is full"
    : status >= 500
      ? "the server failed; its log says why"
      : error.message;
  return reply.code(status).send({ error: message.replace(/\s+/g, " ") });
}

/** Swagger's page sets styles in its elements; no other page of the service may. */
const documentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function addDocument(app: FastifyInstance, { version, token }: ServiceOptions) {
  const security = { securitySchemes: { token: { type: "http", scheme: "bearer" } } } as const;
  const description =
    "Send a case, follow its job, fetch label map, report and picture. Research use only: this is not a medical device.";
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "med-danet", version, description },
      ...(token !== undefined && { components: security, security: [{ token: [] }] }),
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: documentPolicy, uiConfig: { validatorUrl: null } });
}
