/** The pictures of the page in the README: `MED_DANET_PICTURES=1 npx vitest run test/journeys/pictures.test.ts`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import type { PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage } from "../built-page.ts";
import { hasChromium, launchChromium } from "../chromium.ts";

const TIMEOUT = 1_800_000;

describe.skipIf(process.env["MED_DANET_PICTURES"] === undefined || !hasChromium())("pictures for the README", () => {
  let outDir: string;
  let server: PreviewServer;
  let origin: string;
  let browser: Browser;
  beforeAll(async () => {
    outDir = await mkdtemp(join(tmpdir(), "med-danet-pictures-"));
    const options = { bank: "banks/brats", sample: "examples/BraTS2021_01481", outDir };
    ({ server, origin } = await servePage(options));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
    await rm(outDir, { recursive: true });
  });

  test("the sample with its truth, dark, and in three planes, light", { timeout: TIMEOUT }, async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme: "dark" });
    page.setDefaultTimeout(TIMEOUT);
    const button = (name: string) => page.getByRole("button", { name, exact: true });
    await page.goto(origin);
    await button("Open the sample case").click();
    await button("Segment").click();
    await button("Segment again").waitFor();
    await page.getByText("works offline").waitFor();
    const save = async (name: string, shown: Page | Locator) => {
      await page.waitForTimeout(2000); // for the viewer to draw
      expect((await shown.screenshot({ path: `docs/images/${name}.png` })).length).toBeGreaterThan(50_000);
    };
    await save("page", page);
    await page.emulateMedia({ colorScheme: "light" });
    await page.getByLabel("truth beside it").uncheck();
    await button("three planes").click();
    await button("t1ce").click();
    await save("page-planes", page.getByRole("region", { name: "Viewer" }));
  });
});
