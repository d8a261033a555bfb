/** Every network of the zoo learns one small batch by heart (step.test.ts has the other three), and recipes select them. */
import { describe, expect, test } from "vitest";
import { zoo } from "../../test/reference/fill.ts";
import { tinySpec, withoutDropout } from "../../test/tiny-networks.ts";
import { datasets } from "../data/index.ts";
import { UserError } from "../error.ts";
import { count } from "../graph/value.ts";
import { measureNetwork } from "../nets/network.ts";
import { countVariant } from "../nets/variants.ts";
import { createNodeRuntime } from "../node/runtime.ts";
import { createRandom } from "../random.ts";
import { brats } from "../recipes/brats.ts";
import { applySettings } from "./recipe.ts";
import { candidateSpecs, decisionSpec } from "./run.ts";
import { buildStep, createStepper, initialState } from "./step.ts";

const BATCH = 2;
const STEPS = 24;

/** Item n holds a block of class 1 and one of class 2, which the first channel shows under noise; choice n for item n. */
function batchOf(shape: readonly number[], decides: boolean) {
  const random = createRandom(4);
  const [batch, channels, ...size] = shape as [number, number, ...number[]];
  const pixels = count(size);
  const classes = new Uint8Array(batch * pixels);
  const image = Float32Array.from({ length: batch * channels * pixels }, () => 0.3 * random.normal());
  const inner = pixels / size[0]!; // pixels of one index of the first axis
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < pixels; p++) {
      const [first, last] = [Math.floor(p / inner) / size[0]!, (p % size.at(-1)!) / size.at(-1)!];
      const inside = first >= 0.25 && first < 0.75;
      const kind = inside && last < 0.25 + n / 8 ? 1 : inside && last >= 0.75 ? 2 : 0;
      classes[n * pixels + p] = kind;
      image[n * channels * pixels + p]! += kind;
    }
  return { image, targets: decides ? Uint8Array.from({ length: batch }, (_, n) => n) : classes };
}

test.each(Object.keys(zoo) as (keyof typeof zoo)[])("%s learns one batch", async (id) => {
  const spec = withoutDropout(tinySpec(id));
  const graph = buildStep(spec, { batch: BATCH, lossScale: 1, weightDecay: 0, crossEntropyWeight: 1 });
  const stepper = await createStepper(await createNodeRuntime({ threads: 1 }), graph, initialState(graph.plan, 1));
  const batch = { ...batchOf(graph.image, spec.network.task === "decide"), learningRate: 0.01 };
  const random = createRandom(2);
  const losses: number[] = [];
  for (let i = 0; i < STEPS; i++) losses.push(...(await stepper.take([{ ...batch, random }])));
  await stepper.release();
  expect(losses.at(-1)! / losses[0]!, losses.map((loss) => loss.toFixed(2)).join(" ")).toBeLessThan(0.6);
});

describe("a recipe selects", () => {
  test.each([
    ["shufflenetv2-0.5x", 'decision.config={"widths":[24,48,96,192,1024]}'],
    ["ghostnet-0.5x", "decision.network=ghostnet"],
    ["mobilenetv2-1.0", "decision.network=mobilenetv2"],
  ] as const)("the decision network %s by %s", (id, setting) => {
    const spec = decisionSpec({ recipe: applySettings(brats, [setting]), dataset: datasets.brats });
    expect(measureNetwork(spec).parameters).toBe(countVariant(id).parameters["128"]);
  });

  test("a compared 2D network as a candidate; a 3D one is refused", () => {
    const candidate = (network: string) => {
      const settings = [`candidates.0.network=${network}`, "candidates.0.config={}"];
      return candidateSpecs({ recipe: applySettings(brats, settings), dataset: datasets.brats })["M1"]!;
    };
    expect(measureNetwork(candidate("swin-unet")).parameters).toBe(27_154_116);
    const refused = new UserError("recipe: a decision network routes slices, M1 (V-Net) takes volumes; train it alone");
    expect(() => candidate("vnet")).toThrow(refused);
  });

  test.each([
    ["decision.network=unet2d", "recipe: decision must be a network that decides, 2D U-Net segments"],
    ["candidates.0.network=ghostnet", "recipe: M1 must be a network that segments, GhostNet decides"],
  ])("networks by their task: %s", (setting, line) => {
    const run = { recipe: applySettings(brats, [setting]), dataset: datasets.brats };
    expect(() => [candidateSpecs(run), decisionSpec(run)]).toThrow(new UserError(line));
  });
});
