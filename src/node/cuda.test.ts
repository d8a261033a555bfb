import { expect, test } from "vitest";
import { cudaProblem } from "./cuda.ts";
import { loaderProblem, neededLibraries } from "./shared-library.ts";

const files = (provider: boolean, libraries: Record<string, boolean>) => ({
  ...{ version: "1.29.0", folder: "/x", libraries },
  provider: { "provider.so": provider, "shared.so": true },
});

test.each([
  [files(false, {}), /^device cuda needs provider\.so in \/x: not there; run: med-danet gpu install, or /],
  [
    files(true, { "liba.so.1": false, "libb.so.2": true, "libc.so.3": false }),
    /libraries liba\.so\.1, libc\.so\.3: the /,
  ],
])("what is missing is named, with the way out", (found, line) => {
  expect(cudaProblem(found)).toMatch(line);
  expect(cudaProblem(found)).toMatch(/use --device cpu$/);
});

test("nothing to say when all is there", () => expect(cudaProblem(files(true, { "liba.so.1": true }))).toBeNull());

test.skipIf(process.platform !== "linux")("libraries as the loader sees them", async () => {
  expect(loaderProblem("libm.so.6")).toBeNull();
  expect(loaderProblem("libnowhere.so.1")).toContain("libnowhere.so.1: cannot open shared object file");
  expect(await neededLibraries(process.execPath)).toMatchObject({ "libm.so.6": true });
  expect(await neededLibraries("/nowhere")).toEqual({});
});
