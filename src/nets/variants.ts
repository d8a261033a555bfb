/** @file The paper's networks: an architecture and its configuration under the name that the paper gives it. */

import { networks } from "./index.ts";
import { measureNetwork, type Network } from "./network.ts";

/** Channels and classes of BraTS; choices of a bank of four. */
const [CHANNELS, CLASSES, CHOICES] = [4, 4, 5];

export const variants = {
  M1: { network: "unet2d", config: { base: 12 } },
  M2: { network: "unet2d", config: { base: 16 } },
  M3: { network: "transbts2d", config: { layers: 1 } },
  M4: { network: "transbts2d", config: { layers: 4 } },
  decision: { network: "shufflenetv2", config: {} },
} as const;

export interface VariantCounts {
  readonly id: string;
  readonly network: string;
  readonly config: object;
  readonly task: Network["task"];
  /** By side of the input: 128 (a window) and 240 (a whole slice). The position embedding makes parameters depend on it. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly macs: Readonly<Record<string, number>>;
  /** As the paper's tool counts. */
  readonly paperFlops: Readonly<Record<string, number>>;
}

/** Parameters and costs of one variant on BraTS inputs. */
export function countVariant(id: keyof typeof variants): VariantCounts {
  const { network: name, config } = variants[id];
  const network = networks[name] as Network;
  const outputs = network.task === "segment" ? CLASSES : CHOICES;
  const at = ([128, 240] as const).map((side) => {
    const counts = measureNetwork({ network, config, outputs, image: [CHANNELS, side, side] });
    return [String(side), counts] as const;
  });
  const pick = (key: "parameters" | "macs" | "paper") =>
    Object.fromEntries(at.map(([side, counts]) => [side, counts[key]]));
  const counts = { parameters: pick("parameters"), macs: pick("macs"), paperFlops: pick("paper") };
  return { id, network: name, config, task: network.task, ...counts };
}
