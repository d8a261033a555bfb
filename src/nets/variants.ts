/** @file The paper's networks: an architecture and its configuration under the name that the paper or its table gives it. */

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
  "shufflenetv2-0.5x": { network: "shufflenetv2", config: { widths: [24, 48, 96, 192, 1024] } },
  "ghostnet-0.5x": { network: "ghostnet", config: { width: 0.5 } },
  "mobilenetv2-1.0": { network: "mobilenetv2", config: { width: 1 } },
  transunet: { network: "transunet", config: {} },
  "swin-unet": { network: "swin-unet", config: {} },
  unet3d: { network: "unet3d", config: {} },
  vnet: { network: "vnet", config: {} },
  "vnet-deeper": { network: "vnet", config: { down: [2, 3, 3, 3], up: [3, 3, 2, 1] } },
  "attention-unet3d": { network: "attention-unet3d", config: {} },
  "residual-unet3d": { network: "residual-unet3d", config: {} },
  transbts3d: { network: "transbts3d", config: {} },
} as const;
export type VariantId = keyof typeof variants;

interface PaperFigure {
  /** As printed, in G. */
  readonly printed: string;
  /** So many inputs together: a slice is 16 windows in Setting 1. */
  readonly inputs: number;
}
const each = (printed: string): PaperFigure => ({ printed, inputs: 1 });
const ofSlice = (printed: string): PaperFigure => ({ printed, inputs: 16 });

/** What the paper's Tables 1, 2, 3 and 5 print, by side of the input. */
const paperFigures: Readonly<Partial<Record<VariantId, Readonly<Record<string, PaperFigure>>>>> = {
  M1: { 128: each("0.605"), 240: each("2.126") },
  M2: { 128: each("1.067"), 240: each("3.750") },
  M3: { 128: each("2.358"), 240: each("8.882") },
  M4: { 128: each("4.979"), 240: each("19.878") },
  decision: { 128: ofSlice("0.078") },
  "shufflenetv2-0.5x": { 128: ofSlice("0.247") },
  "ghostnet-0.5x": { 128: ofSlice("0.278") },
  "mobilenetv2-1.0": { 128: ofSlice("1.758") },
  transunet: { 128: each("9.42") },
  "swin-unet": { 128: each("1.96") },
  unet3d: { 128: each("1669.53") },
  vnet: { 128: each("749.29") },
  "attention-unet3d": { 128: each("132.67") },
  "residual-unet3d": { 128: each("407.37") },
  transbts3d: { 128: each("333.09") },
};

type BySide<T> = Readonly<Record<string, T>>;

export interface VariantCounts {
  readonly id: string;
  readonly network: string;
  readonly config: object;
  readonly task: Network["task"];
  /** Spatial axes of the input. */
  readonly dimensions: 2 | 3;
  /**
   * By side of the input: 128 (a window or a cube), and 240 (a whole slice) where the network can take one. A position
   * embedding makes parameters depend on it.
   */
  readonly parameters: BySide<number>;
  readonly macs: BySide<number>;
  /** As the paper's tool counts. */
  readonly paperFlops: BySide<number>;
  readonly paper: BySide<PaperFigure>;
}

/** Parameters and costs of one variant on BraTS inputs. */
export function countVariant(id: VariantId): VariantCounts {
  const { network: name, config } = variants[id];
  const network = networks[name] as Network;
  const { task, dimensions = 2, sides = dimensions === 2 ? [128, 240] : [128] } = network;
  const outputs = task === "segment" ? CLASSES : CHOICES;
  const at = sides.map((side) => {
    const image = [CHANNELS, ...Array<number>(dimensions).fill(side)];
    return [String(side), measureNetwork({ network, config, outputs, image })] as const;
  });
  const pick = (key: "parameters" | "macs" | "paper") =>
    Object.fromEntries(at.map(([side, counts]) => [side, counts[key]]));
  const counts = { parameters: pick("parameters"), macs: pick("macs"), paperFlops: pick("paper") };
  return { id, network: name, config, task, dimensions, ...counts, paper: paperFigures[id] ?? {} };
}
