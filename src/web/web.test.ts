import { zipSync } from "fflate";
import { afterEach, describe, expect, test, vi } from "vitest";
import { UserError } from "../error.ts";
import { openBankUrl, openFiles, openUrl, openZip, webGzip } from "./index.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);
const failure = async (work: Promise<unknown>) => {
  const error = await work.catch((reason) => reason);
  expect(error).toBeInstanceOf(UserError);
  return (error as Error).message;
};
afterEach(() => vi.unstubAllGlobals());

describe("folders", () => {
  test("given files and an archive hold the same", async () => {
    const files = { "b/2": "two", "b/1": "one" };
    const given = Object.entries(files).map(([path, content]) => ({ path, file: new Blob([content]) }));
    const archive = zipSync({ b: { "2": bytes("two"), "1": bytes("one"), empty: {} } });
    for (const folder of [openFiles(given), openZip(archive, "x.zip")]) {
      expect(await folder.list()).toEqual(["b/1", "b/2"]);
      expect(text(await folder.read("b/2"))).toBe("two");
      expect(await failure(folder.read("b/3"))).toContain("b/3 cannot be read");
      expect(await failure(folder.write("b/3", bytes("")))).toContain("download the result");
    }
  });

  test("bytes that are no archive", async () => {
    expect(await failure((async () => openZip(bytes("no zip at all, in no way"), "x.zip"))())).toContain(
      "x.zip: must be a whole zip",
    );
  });

  test("a bank's URL lists what bank.json names; a server that fails is told", async () => {
    const answers: Record<string, string> = {
      "/bank/bank.json": JSON.stringify({ candidates: [{ file: "M1.onnx" }], decision: { file: "d.onnx" } }),
      "/bank/M1.onnx": "model",
    };
    vi.stubGlobal("fetch", async (url: string) =>
      answers[url] === undefined ? new Response("", { status: 404 }) : new Response(answers[url]),
    );
    const bank = await openBankUrl("/bank");
    expect(await bank.list()).toEqual(["M1.onnx", "bank.json", "d.onnx"]);
    expect(text(await bank.read("M1.onnx"))).toBe("model");
    expect(await failure(openUrl("/bank", []).read("d.onnx"))).toContain("the server answers 404");
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await failure(bank.read("M1.onnx"))).toContain('found "Failed to fetch"');
  });
});

describe("webGzip", () => {
  test("inflate undoes deflate, and refuses what is cut short", async () => {
    const packed = await webGzip.deflate(bytes("slice ".repeat(1000)));
    expect(packed.length).toBeLessThan(100);
    expect(text(await webGzip.inflate(packed))).toBe("slice ".repeat(1000));
    await expect(webGzip.inflate(packed.subarray(0, -6))).rejects.toThrow();
  });
});
