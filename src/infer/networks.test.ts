import { describe, expect, test } from "vitest";
import type { Bank, BankModel } from "../danet/bank.ts";
import { UserError } from "../error.ts";
import type { Runtime, Session, Tensor } from "../platform.ts";
import { openNetworks } from "./networks.ts";

const M1 = { id: "M1", file: "M1.onnx", output: "probabilities" } as BankModel;
const bank = {
  channels: ["a", "b"],
  labels: [0, 1, 2],
  inputSize: [4, 4],
  candidates: [M1],
  decision: { id: "decision", file: "decision.onnx", output: "logits" },
  folder: { name: "mybank", read: async () => new Uint8Array() },
} as unknown as Bank;

const good: Session = {
  inputNames: ["image"],
  outputNames: ["probabilities"],
  run: async ({ image }) => {
    const dims = [image.dims[0], 3, 4, 4];
    return { probabilities: { dtype: "float32", dims, data: new Float32Array(dims.reduce((a, b) => a * b)) } };
  },
  release: async () => {},
};
const runtimeOf = (session: Session): Runtime => ({ name: "fake", device: "cpu", load: async () => session });
const runM1 = async (runtime: Runtime) => (await openNetworks(bank, runtime).load(M1))(new Float32Array(64), 2);

test("a model is loaded once, and its output comes out", async () => {
  let loads = 0;
  const load = async () => {
    loads++;
    return good;
  };
  const networks = openNetworks(bank, { ...runtimeOf(good), load });
  await networks.load(M1);
  const output = await (await networks.load(M1))(new Float32Array(64), 2);
  expect(output.length).toBe(2 * 3 * 4 * 4);
  expect(loads).toBe(1);
});

describe("a model that does not fit is told with what was expected", () => {
  const fails = (message: string) => async () => {
    throw new Error(message);
  };
  const gives = (tensor: Partial<Tensor>) => async () => ({
    probabilities: { dtype: "float32", dims: [2, 3, 4, 4], data: new Float32Array(96), ...tensor } as Tensor,
  });
  test.each<[string, Runtime, string]>([
    ["no ONNX file", { ...runtimeOf(good), load: fails("protobuf parsing failed\nmore") }, "protobuf parsing failed"],
    ["input name", runtimeOf({ ...good, inputNames: ["x"] }), 'it takes "x" and gives "probabilities"'],
    ["output name", runtimeOf({ ...good, outputNames: ["y"] }), 'it takes "image" and gives "y"'],
    ["input shape", runtimeOf({ ...good, run: fails("Got: 2 Expected: 4") }), "Got: 2 Expected: 4"],
    [
      "output shape",
      runtimeOf({ ...good, run: gives({ dims: [2, 4, 4, 4] }) }),
      "its output is float32 [2, 4, 4, 4] for 2",
    ],
    ["output type", runtimeOf({ ...good, run: gives({ dtype: "uint8" }) }), "its output is uint8"],
  ])("%s", async (_, runtime, found) => {
    const error = await runM1(runtime).then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe(
      `mybank: M1.onnx of "M1" must take "image" float32 [N, 2, 4, 4] and give "probabilities" [N, 3, 4, 4]; ${error.message.split("; ")[1]}`,
    );
    expect(error.message).toContain(found);
  });
});
