/** @file The built page with what it fetches: bank, sample and the engine. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { engineFiles, pageHeaders } from "./page.ts";

export interface PageFolders {
  /** What the build of the page leaves. */
  readonly app: string;
  readonly bank: string;
  readonly sample: string;
  /** onnxruntime-web's `dist`. */
  readonly engine: string;
}

export const isPageBuilt = ({ app }: PageFolders): boolean => existsSync(join(app, "index.html"));

/** Nothing where the page is not built. */
export async function addPage(app: FastifyInstance, folders: PageFolders): Promise<void> {
  if (!isPageBuilt(folders)) return;
  const allowed = (test: (file: string) => boolean) => ({
    allowedPath: (path: string) => test(path.replace(/^\//, "")),
  });
  const engine: readonly string[] = engineFiles;
  await app.register(async (page) => {
    page.addHook("onSend", async (_request, reply) => {
      reply.headers(pageHeaders);
    });
    await page.register(fastifyStatic, { root: folders.app, prefix: "/" });
    const more = { decorateReply: false };
    const isBankFile = (file: string) => /^(bank\.json|[^/]+\.onnx)$/.test(file);
    await page.register(fastifyStatic, { ...more, root: folders.bank, prefix: "/bank/", ...allowed(isBankFile) });
    await page.register(fastifyStatic, { ...more, root: folders.sample, prefix: "/sample/" });
    const isEngineFile = (file: string) => engine.includes(file);
    await page.register(fastifyStatic, { ...more, root: folders.engine, prefix: "/ort/", ...allowed(isEngineFile) });
  });
}
