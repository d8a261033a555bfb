/** The built page in a real browser, as a user has it, on a phantom and a bank of hand-made networks. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import { zipSync } from "fflate";
import type { Browser, Page, Route } from "playwright-core";
import type { PreviewServer } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../src/cli/bench/chromium.ts";
import { benchPage } from "../../src/cli/bench/page.ts";
import { writeBank } from "../../src/danet/bank.ts";
import { writePhantoms } from "../../src/data/phantom.ts";
import { nodeGzip, openFolder } from "../../src/node/index.ts";
import { readNiftiLabels } from "../../src/volume/nifti.ts";
import { servePage } from "../built-page.ts";
import { hasChromium, launchChromium } from "../chromium.ts";
import { handmadeBank, makeCandidate, makeDecision } from "../handmade-bank.ts";
import { runProgram } from "../run-program.ts";

const DEPTH = 12;
const TIMEOUT = 120_000;
const CASE = "phantom_001";

let root: string;
let server: PreviewServer;
let browser: Browser;
let page: Page;
let requests: string[];
let origin: string;
const at = (...path: string[]) => join(root, ...path);

/** Windows of zeros are skipped, those darker than the mean get M1, the brighter ones M2. */
async function makeInputs() {
  const models = { "M1.onnx": makeCandidate(1.5), "M2.onnx": makeCandidate(1) };
  const expectedDice = [
    [1, 0.9, 0.9],
    [0, 0.8, 0.8],
    [0, 0.5, 0.9],
  ];
  const bank = { ...handmadeBank, stride: 8, expectedDice };
  await writeBank(openFolder(at("bank")), bank, { ...models, "decision.onnx": makeDecision([0, 0, 0], [0, -9, 9]) });
  await writePhantoms(openFolder(at("cases")), nodeGzip, { cases: 1, seed: 3, size: [32, 32, DEPTH] });
}

async function segmentInNode() {
  const { code } = await runProgram([
    "segment",
    at("cases"),
    "--bank",
    at("bank"),
    "--out",
    at("out"),
    "--threads",
    "1",
  ]);
  expect(code).toBe(0);
}

describe.skipIf(!hasChromium())("the page", () => {
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "med-danet-page-"));
    await makeInputs();
    await segmentInNode();
    const options = { bank: at("bank"), sample: at("cases", CASE), outDir: at("page") };
    ({ server, origin } = await servePage(options));
    browser = await launchChromium();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(root, { recursive: true });
  });
  afterEach(async () => {
    const foreign = requests.filter((url) => !url.startsWith(origin) && !/^(blob|data):/.test(url));
    expect(foreign).toEqual([]);
    await page.context().close();
  });

  /** A first visit. Whatever the browser asks for is written down; what the console calls an error fails the test. */
  async function visit(colorScheme: "light" | "dark" = "light", from = browser) {
    const context = await from.newContext({ viewport: { width: 1280, height: 720 }, colorScheme });
    requests = [];
    context.on("request", (request) => requests.push(request.url()));
    page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT);
    page.on("console", (message) => message.type() === "error" && requests.push(`error: ${message.text()}`));
    page.on("pageerror", (error) => requests.push(`error: ${error.message}`));
    await page.goto(origin);
  }
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const openSample = async () => {
    await button("Open the sample case").click();
    await button("Segment").waitFor();
  };
  const segment = async () => {
    await button("Segment").click();
    await button("Segment again").waitFor();
  };
  const download = async (name: string) => {
    const [file] = await Promise.all([page.waitForEvent("download"), button(name).click()]);
    return { name: file.suggestedFilename(), bytes: await readFile((await file.path())!) };
  };
  const reportOf = async () => JSON.parse((await download("JSON report")).bytes.toString());
  /** Every rule of axe; its script goes by the policy, which lets no inline code in. */
  const expectAccessible = async () => {
    await page.evaluate(axe.source);
    const found = await page.evaluate<object[]>("axe.run().then(({ violations }) => violations)");
    expect(found).toEqual([]);
  };
  /** Pixels of the first canvas on the screen that are clearly blue, the colour of edema. */
  const countBlue = async () => {
    const png = (await page.locator("canvas").first().screenshot()).toString("base64");
    return page.evaluate<number>(`(async () => {
      const image = Object.assign(new Image(), { src: "data:image/png;base64,${png}" });
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
      canvas.drawImage(image, 0, 0);
      const { data } = canvas.getImageData(0, 0, image.width, image.height);
      return data.filter((blue, i) => i % 4 === 2 && blue > data[i - 2] + 40).length;
    })()`);
  };

  test.each(["light", "dark"] as const)("is accessible at the start and with a result, %s", async (colours) => {
    await visit(colours);
    await button("Open the sample case").waitFor();
    await expectAccessible();
    await openSample();
    await segment();
    await expectAccessible();
    const parts = [
      page.locator("canvas").first(),
      button("Segment again"),
      page.getByRole("slider", { name: "Slice" }),
    ];
    for (const [width, height] of [
      [1280, 720],
      [820, 1180],
      [1180, 820],
    ]) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      for (const part of parts) {
        const box = (await part.boundingBox())!;
        expect([width, box.width > 100, box.x >= 0, box.x + box.width <= width]).toEqual([width, true, true, true]);
        if (width > height) expect(box.y + box.height).toBeLessThanOrEqual(height); // nothing to scroll to
      }
    }
    await expectAccessible();
  });

  test("a run that is cancelled leaves the case as it was", async () => {
    await visit();
    const held: Route[] = [];
    await page.context().route("**/bank/M*.onnx", (route) => void held.push(route));
    await openSample();
    await button("Segment").click();
    await expect.poll(() => held.length, { timeout: TIMEOUT }).toBeGreaterThan(0);
    await button("Cancel").click();
    await page.context().unroute("**/bank/M*.onnx");
    for (const route of held) await route.continue().catch(() => {}); // the service worker's own may be done
    await button("Segment").waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
    await segment();
  });

  test("files that are dropped, and a zip of them", async () => {
    await visit();
    const names = ["flair", "t1ce", "t1", "t2"].map((channel) => `${CASE}_${channel}.nii.gz`);
    const images = await Promise.all(
      names.map(async (name) => [name, await readFile(at("cases", CASE, name))] as const),
    );
    await expect.poll(() => button("Open files…").isEnabled(), { timeout: TIMEOUT }).toBe(true);
    const devtools = await page.context().newCDPSession(page);
    const data = { items: [], files: names.map((name) => at("cases", CASE, name)), dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const)
      await devtools.send("Input.dispatchDragEvent", { type, x: 600, y: 400, data });
    await button("Segment").waitFor();
    await page.reload();
    await writeFile(at("case.zip"), zipSync(Object.fromEntries(images)));
    await expect.poll(() => button("Open files…").isEnabled(), { timeout: TIMEOUT }).toBe(true);
    await page.getByLabel("Files").setInputFiles(at("case.zip"));
    await segment();
    expect(await page.locator("[data-slice]").count()).toBe(DEPTH);
  });

  test("sample, segment, strip, overlay, files: what the command line gives", async () => {
    await visit();
    expect(await page.evaluate<boolean>("crossOriginIsolated")).toBe(true);
    await openSample();
    await segment();
    expect(await page.locator("[data-slice]").count()).toBe(DEPTH);
    await expect.poll(countBlue, { timeout: TIMEOUT }).toBeGreaterThan(1000);
    await page.getByLabel("Tumour overlay").uncheck();
    await expect.poll(countBlue, { timeout: TIMEOUT }).toBeLessThan(10);

    const nifti = await download("NIfTI");
    expect(nifti.name).toBe(`${CASE}_seg.nii.gz`);
    const labels = await readNiftiLabels(nifti.bytes, nodeGzip, "page");
    const expected = await readNiftiLabels(await readFile(at("out", nifti.name)), nodeGzip, "node");
    expect(labels).toEqual(expected);
    expect(labels.data.includes(2)).toBe(true);

    const { seconds, versions, ...report } = await reportOf();
    const told = JSON.parse(await readFile(at("out", `${CASE}.json`), "utf8"));
    expect(versions).toMatchObject({ device: "wasm" });
    expect(Object.keys(seconds)).toContain("decision");
    for (const name of ["volumesMl", "metrics", "flops", "activation", "curve"])
      expect(report[name]).toEqual(told[name]);
    const choices = (decisions: { choice: number }[]) => decisions.map(({ choice }) => choice);
    expect(choices(report.decisions)).toEqual(choices(told.decisions));
    expect(new Set(choices(report.decisions))).toEqual(new Set([0, 1, 2]));

    const summary = (await download("HTML summary")).bytes.toString();
    expect(summary).toMatch(/<img src="data:image\/png;base64,.{5000}/);
    expect(summary).toContain("Research use only");
  });

  test("keys and pointer go through the slices, and the strip tells what each got", async () => {
    await visit();
    await openSample();
    await segment();
    const strip = page.getByRole("slider", { name: "Slice" });
    const slice = () => strip.getAttribute("aria-valuenow");
    await strip.press("End");
    expect(await slice()).toBe(String(DEPTH - 1));
    await strip.press("ArrowLeft");
    expect(await strip.getAttribute("aria-valuetext")).toMatch(/^slice 10: (\d+ (skip|M1|M2)(, )?)+, 0\.000 G$/);
    await page.locator('[data-slice="2"]').click();
    expect(await slice()).toBe("2");
    await page.locator("canvas").first().press("ArrowUp");
    await expect.poll(slice, { timeout: TIMEOUT }).toBe("3");
    await page.locator("canvas").first().hover();
    await page.mouse.wheel(0, 100);
    await expect.poll(slice, { timeout: TIMEOUT }).not.toBe("3");
  });

  test("less effort costs less", async () => {
    await visit();
    await openSample();
    await segment();
    const flops = async () => (await reportOf()).flops.paper;
    const most = await flops();
    await page.getByLabel("Choose the effort").check();
    await page.getByRole("slider", { name: "Effort" }).fill("0");
    await expect.poll(flops, { timeout: TIMEOUT }).toBeLessThan(most);
    expect(await flops()).toBeGreaterThan(0);
  });

  test("files with other names are asked about, and a truth that comes later is compared", async () => {
    await visit();
    const names = ["FLAIR_axial", "t1_post", "t1w", "T2w"];
    const channels = ["flair", "t1ce", "t1", "t2"];
    for (const [i, name] of names.entries())
      await writeFile(at(`${name}.nii.gz`), await readFile(at("cases", CASE, `${CASE}_${channels[i]}.nii.gz`)));
    await button("Open files…").waitFor();
    await expect.poll(() => button("Open files…").isEnabled(), { timeout: TIMEOUT }).toBe(true);
    const input = page.getByLabel("Files");
    await input.setInputFiles(names.map((name) => at(`${name}.nii.gz`)));
    await page.getByRole("dialog").waitFor();
    for (const [i, name] of names.entries())
      expect(await page.getByLabel(`${name}.nii.gz`).inputValue()).toBe(channels[i]);
    await expectAccessible();
    await button("Open").click();
    await button("Segment").waitFor();
    await segment();
    expect(await page.getByRole("columnheader", { name: "Dice" }).count()).toBe(0);
    await input.setInputFiles(at("cases", CASE, `${CASE}_seg.nii.gz`));
    await page.getByRole("columnheader", { name: "Dice" }).waitFor();
    const told = JSON.parse(await readFile(at("out", `${CASE}.json`), "utf8"));
    expect((await reportOf()).metrics).toEqual(told.metrics);
  });

  test("what cannot be used is told in a line", async () => {
    await visit();
    await expect.poll(() => button("Open files…").isEnabled(), { timeout: TIMEOUT }).toBe(true);
    await page.getByLabel("Files").setInputFiles(at("cases", CASE, `${CASE}_flair.nii.gz`));
    expect(await page.getByRole("alert").innerText()).toContain("missing: t1ce, t1, t2");
  });

  test("works without a network after the first visit", async () => {
    await visit();
    await page.getByText("works offline").waitFor();
    const devtools = await page.context().newCDPSession(page);
    const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
    // A window without a history is what a test is given here.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== "in-incognito")).toEqual([]);
    await page.context().setOffline(true);
    await page.reload();
    await openSample();
    await segment();
    expect(await page.locator("[data-slice]").count()).toBe(DEPTH);
  });

  test("bench tells time, memory, size and agreement of the page", async () => {
    const images = ["flair", "t1", "t1ce", "t2"].map((channel) => `${CASE}_${channel}.nii.gz`);
    for (const name of images) await cp(at("cases", CASE, name), at("bench", "case", name));
    await cp(at("out"), at("bench", "dynamic"), { recursive: true });
    const folders = { app: at("page"), bank: at("bank"), sample: at("cases", CASE), engine: at("page", "ort") };
    const program = findChromium();
    await visit();
    const found = await benchPage({ folders, work: at("bench"), threads: 1, program });
    expect(found).toMatchObject({ threads: 1, voxels: 32 * 32 * DEPTH, differing: 0 });
    expect(found.codeBytesGzipped).toBeLessThan(600_000);
    for (const name of ["firstViewSeconds", "openSeconds", "engineSeconds", "cpuSeconds"] as const)
      expect([name, found[name] > 0]).toEqual([name, true]);
    expect(found.segmentSeconds).toBeGreaterThan(found.engineSeconds);
    const nowhere = { ...folders, app: at("nowhere") };
    await expect(benchPage({ folders: nowhere, work: at("bench"), threads: 1, program })).rejects.toThrow(
      "must be built",
    );
  });

  test("WebGPU gives the same labels; without its device the page goes on, and says so", async () => {
    const withGpu = await launchChromium({ gpu: true });
    const expectLabels = async () => {
      const { bytes } = await download("NIfTI");
      const { data } = await readNiftiLabels(bytes, nodeGzip, "page");
      const expected = await readNiftiLabels(await readFile(at("out", `${CASE}_seg.nii.gz`)), nodeGzip, "node");
      expect(data).toEqual(expected.data);
    };
    try {
      await visit("light", withGpu);
      await openSample();
      await page.getByText("Settings").click();
      await page.getByLabel("Device").selectOption("webgpu");
      await segment();
      expect((await reportOf()).versions.device).toBe("webgpu");
      await expectLabels();
      const before = (await reportOf()).seconds.total;
      const devtools = await withGpu.newBrowserCDPSession();
      await devtools.send("Browser.crashGpuProcess").catch(() => {}); // it ends before it answers
      await page.getByLabel("Network").selectOption("M2");
      await button("Segment again").click();
      await page.getByText("WebGPU failed").waitFor();
      await expect.poll(async () => (await reportOf()).seconds.total, { timeout: TIMEOUT }).not.toBe(before);
      expect((await reportOf()).versions.device).toBe("wasm");
      expect((await reportOf()).activation).toMatchObject({ M2: 1 });
      await expect.poll(countBlue, { timeout: TIMEOUT }).toBeGreaterThan(1000); // the viewer has a device again
    } finally {
      await page.context().close();
      await withGpu.close();
    }
  });
});
