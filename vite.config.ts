/** @file Builds the page into dist/app, and serves it in development with what it fetches: engine, bank, sample. */

import { createHash } from "node:crypto";
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { type Connect, defaultClientConditions, defineConfig, type Plugin, type UserConfig } from "vite";
import { contentSecurityPolicy, engineFiles, pageHeaders } from "./src/server/page.ts";

const root = import.meta.dirname;
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** Copied as they are. */
const PUBLIC = join(root, "src/app/public");

/** The page's own code, gzipped: all scripts and styles, without the engine's files. */
const BUDGET_BYTES = 600_000;

export interface PageOptions {
  /** A bank folder; served as `bank/`. */
  readonly bank: string;
  /** A case folder; served as `sample/`. */
  readonly sample: string;
  readonly outDir: string;
}

const bundled: PageOptions = {
  bank: join(root, "banks/brats"),
  sample: join(root, "examples/BraTS2021_01481"),
  outDir: join(root, "dist/app"),
};

/** Path on the server -> file on this machine. */
function servedFiles({ bank, sample }: PageOptions): Map<string, string> {
  const below = (name: string, folder: string, files: readonly string[]) =>
    files.map((file): [string, string] => [`${name}/${file}`, join(folder, file)]);
  const engine = join(root, "node_modules/onnxruntime-web/dist");
  return new Map([
    ...below("bank", bank, readdirSync(bank)),
    ...below("sample", sample, readdirSync(sample)),
    ...below("ort", engine, engineFiles),
  ]);
}

/** Serves the fetched files in development, copies them beside the page when it is built. */
function fetchedFiles(options: PageOptions): Plugin {
  const files = servedFiles(options);
  const serve: Connect.NextHandleFunction = (request, response, next) => {
    const file = files.get((request.url ?? "").replace(/^\/|\?.*$/g, ""));
    if (file === undefined) return next();
    const type = { ".mjs": "text/javascript", ".wasm": "application/wasm" }[/\.\w+$/.exec(file)?.[0] ?? ""];
    response.setHeader("Content-Type", type ?? "application/octet-stream");
    createReadStream(file).pipe(response);
  };
  return {
    name: "fetched-files",
    configureServer: (server) => void server.middlewares.use(serve),
    generateBundle() {
      for (const [fileName, path] of files) this.emitFile({ type: "asset", fileName, source: readFileSync(path) });
    },
  };
}

/** The viewer could read Zarr, whose compressors (460 kB gzipped) nothing here can reach. */
const withoutZarr = (): Plugin => ({
  name: "without-zarr",
  enforce: "pre",
  resolveId: (id) => (/^numcodecs\//.test(id) ? "\0no-codec" : undefined),
  load: (id) => (id === "\0no-codec" ? "export default {};" : undefined),
});

/** Policy in the page itself, for hosts that send no headers. */
const policy = (): Plugin => ({
  name: "policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: contentSecurityPolicy },
      injectTo: "head-prepend",
    },
  ],
});

/** Tells the service worker which files the page is made of, and fails a build whose own code is too large. */
const finish = (): Plugin => ({
  name: "finish",
  apply: "build",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      const fetched = /^(bank|sample|ort)\//;
      const own = Object.keys(bundle).filter((name) => !fetched.test(name) && name !== "service-worker.js");
      const content = (name: string) => {
        const file = bundle[name];
        return file.type === "chunk" ? file.code : file.source;
      };
      const code = own.filter((name) => /\.(js|css)$/.test(name));
      const sizes = code.map((name) => ({ name, bytes: gzipSync(content(name)).length }));
      const bytes = sizes.reduce((sum, file) => sum + file.bytes, 0);
      const kilobytes = (count: number) => `${(count / 1000).toFixed(0)} kB`;
      const list = sizes.map((file) => `${file.name} ${kilobytes(file.bytes)}`).join(", ");
      const size = `the page's own code is ${kilobytes(bytes)} gzipped, at most ${kilobytes(BUDGET_BYTES)}: ${list}`;
      if (bytes > BUDGET_BYTES) this.error(size);
      this.info(size);
      const shell = own.map((name) => (name === "index.html" ? "./" : name)).concat(readdirSync(PUBLIC));
      const worker = bundle["service-worker.js"];
      if (worker?.type !== "chunk") this.error("service-worker.js is not there");
      const hash = createHash("sha256");
      for (const name of own) hash.update(content(name));
      worker.code = worker.code
        .replace("__VERSION__", hash.digest("hex").slice(0, 16))
        .replace(/["'`]__SHELL__["'`]/, JSON.stringify(shell));
    },
  },
});

/** Vite's configuration of the page with the given bank and sample. */
export function configurePage(options: PageOptions): UserConfig {
  return {
    root: join(root, "src/app"),
    base: "./",
    publicDir: PUBLIC,
    plugins: [withoutZarr(), svelte({ configFile: false }), fetchedFiles(options), policy(), finish()],
    define: {
      __VERSION_OF_PACKAGE__: JSON.stringify(version),
      __SAMPLE__: JSON.stringify({ name: basename(options.sample), files: readdirSync(options.sample) }),
    },
    // onnxruntime-web's bundled build starts its threads from the chunk it lands in: they would run the page.
    resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
    optimizeDeps: { exclude: ["onnxruntime-web"] },
    worker: { format: "es" },
    server: { headers: withoutPolicy(pageHeaders) },
    preview: { headers: pageHeaders },
    build: {
      outDir: resolve(options.outDir),
      emptyOutDir: true,
      target: "es2023",
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 2000,
      rolldownOptions: {
        input: { index: join(root, "src/app/index.html"), "service-worker": join(root, "src/app/service-worker.ts") },
        output: {
          entryFileNames: ({ name }) => (name === "service-worker" ? "service-worker.js" : "assets/[name]-[hash].js"),
        },
      },
    },
  };
}

/** The development server adds scripts and styles of its own to the page. */
function withoutPolicy({ "Content-Security-Policy": _, ...headers }: Readonly<Record<string, string>>) {
  return headers;
}

export default defineConfig(configurePage(bundled));
