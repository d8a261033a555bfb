/** @file A whole case in the page as its user has it, in a Chromium: time, the engine's part of it, memory, size, agreement. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { readBank } from "../../danet/bank.ts";
import { datasetOf } from "../../data/bank-dataset.ts";
import { UserError } from "../../error.ts";
import { openFolder } from "../../node/folder.ts";
import { nodeGzip } from "../../node/gzip.ts";
import type { CaseResult } from "../../report/case-report.ts";
import { isPageBuilt, type PageFolders } from "../../server/serve-page.ts";
import { startService } from "../../server/start.ts";
import { readNiftiLabels } from "../../volume/nifti.ts";
import { version } from "../version.ts";
import { launchChromium } from "./chromium.ts";
import { engineSeconds, resultIn } from "./segmentation.ts";
import { timeRun } from "./timing.ts";

export interface PageFigures {
  /** "Chromium 140.0" */
  readonly browser: string;
  readonly threads: number;
  /** From asking for the page, nothing kept, to buttons that can be pressed. */
  readonly firstViewSeconds: number;
  /** From giving the files to the case on the screen. */
  readonly openSeconds: number;
  /** From the button to the result on the screen. */
  readonly segmentSeconds: number;
  /** Of these, inside onnxruntime-web's `run` calls. */
  readonly engineSeconds: number;
  /** Of all threads of the page's process, from giving the files to the result. */
  readonly cpuSeconds: number;
  /** Resident memory of that process, workers and WebAssembly among it, at its highest; null outside Linux. */
  readonly peakMemoryMb: number | null;
  readonly voxels: number;
  /** Whose label is not that of the command line. */
  readonly differing: number;
  /** Scripts and styles without the engine's files. */
  readonly codeBytesGzipped: number;
}

export interface PageOptions {
  readonly folders: PageFolders;
  /** The folder with images and results of `benchSegmentation`. */
  readonly work: string;
  readonly threads: number;
  /** The browser's program. */
  readonly program: string | undefined;
}

const PATIENCE = 1_800_000;

/** Between the first view and the files: what a user needs to choose them, and the page to load the engine. */
const CHOOSING_MS = 3000;

/**
 * Segments the images of `work` with WebAssembly and the policy "dynamic". Throws `UserError` where the page is not built,
 * and where browser or playwright-core are missing.
 */
export async function benchPage(options: PageOptions): Promise<PageFigures> {
  const { folders, program } = options;
  if (!isPageBuilt(folders)) throw new UserError("the page must be built first: npm run build:page");
  if (program === undefined) throw new UserError("there is no Chromium where one usually is: give its --browser PATH");
  const browser = await launchChromium(program);
  if (!browser) throw new UserError("a browser is driven by playwright-core: npm install playwright-core");
  try {
    const service = await serve(options);
    try {
      const run = await runPage(browser, service.url.replace("127.0.0.1", "localhost"), options);
      return { ...run, browser: `Chromium ${browser.version()}`, codeBytesGzipped: await measureCode(folders) };
    } finally {
      await service.close();
    }
  } finally {
    await browser.close();
  }
}

/** The service for its page alone: no upload fits. */
async function serve({ folders: page, work }: PageOptions) {
  const bank = await readBank(openFolder(page.bank));
  return startService({
    ...{ bank, dataset: datasetOf(bank), page, version, data: join(work, "jobs"), host: "127.0.0.1", port: 0 },
    ...{ token: undefined, concurrency: 1, maxWaiting: 1, maxMinutes: 1, keepHours: 1, maxBytes: 1 },
    ...{ uploadsPerMinute: 1, run: async () => {}, note: () => {} },
  });
}

async function runPage(browser: Browser, url: string, { work, threads }: PageOptions) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const processes = await watchProcesses(browser);
  const devtools = await context.newCDPSession(page);
  await devtools.send("Emulation.setHardwareConcurrencyOverride", { hardwareConcurrency: threads });
  const { wallSeconds: firstViewSeconds } = await timeRun(async () => {
    await page.goto(url);
    await button("Open the sample case").and(page.locator(":enabled")).waitFor();
  });
  await page.waitForTimeout(CHOOSING_MS);
  const before = await processes.cpuSeconds();
  const images = join(work, "case");
  const files = (await readdir(images)).map((name) => join(images, name));
  const { wallSeconds: openSeconds } = await timeRun(async () => {
    await page.getByLabel("Files").setInputFiles(files);
    await button("Segment").waitFor();
  });
  await page.getByText("Settings", { exact: true }).click();
  await page.getByLabel("Device").selectOption("wasm");
  const { wallSeconds: segmentSeconds } = await timeRun(async () => {
    await button("Segment").click();
    await button("Segment again").or(page.getByRole("alert")).waitFor();
  });
  const [alert] = await page.getByRole("alert").allInnerTexts();
  if (alert !== undefined) throw new Error(`bench: the page says: ${alert}`);
  const cpuSeconds = (await processes.cpuSeconds()) - before;
  const report = JSON.parse((await download(page, "JSON report")).toString()) as CaseResult;
  const labels = await readNiftiLabels(await download(page, "NIfTI"), nodeGzip, "the page's result");
  const expected = await readNiftiLabels(await resultIn(work, report), nodeGzip, "the command line's result");
  return {
    ...{ threads, firstViewSeconds, openSeconds, segmentSeconds, cpuSeconds },
    engineSeconds: engineSeconds(report),
    peakMemoryMb: await processes.peakMemoryMb(),
    voxels: labels.data.length,
    differing: labels.data.filter((label, i) => label !== expected.data[i]).length,
  };
}

async function download(page: Page, button: string): Promise<Buffer> {
  const click = page.getByRole("button", { name: button, exact: true }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), click]);
  return readFile(await file.path());
}

/** Of the processes that hold pages; the browser's own and the one that draws are left out. */
async function watchProcesses(browser: Browser) {
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer");
  };
  return {
    cpuSeconds: async () => (await renderers()).reduce((sum, { cpuTime }) => sum + cpuTime, 0),
    /** Of the largest. `VmHWM` is the kernel's own record of the highest resident memory, in KiB. */
    peakMemoryMb: async () => {
      if (process.platform !== "linux") return null;
      const texts = (await renderers()).map(({ id }) => readFile(`/proc/${id}/status`, "utf8"));
      const peaks = (await Promise.all(texts)).map((text) => Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1]));
      return (Math.max(...peaks) * 1024) / 1e6;
    },
  };
}

/** As the build counts it. */
async function measureCode({ app }: PageFolders): Promise<number> {
  const assets = join(app, "assets");
  const names = (await readdir(assets)).filter((name) => /\.(js|css)$/.test(name));
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(join(assets, name))).length));
  return sizes.reduce((a, b) => a + b, 0);
}
