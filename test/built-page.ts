/** @file The page built anew, and served as it is served to users. */

import { build, type PreviewServer, preview } from "vite";
import { vi } from "vitest";
import { configurePage, type PageOptions } from "../vite.config.ts";

/** On a free port; to be closed. */
export async function servePage(options: PageOptions): Promise<{ server: PreviewServer; origin: string }> {
  const config = { ...configurePage(options), configFile: false, logLevel: "error" } as const;
  vi.stubEnv("NODE_ENV", "production"); // else the build is one for development
  await build(config);
  vi.unstubAllEnvs();
  const server = await preview({ ...config, preview: { ...config.preview, port: 0 } });
  return { server, origin: server.resolvedUrls!.local[0] };
}
