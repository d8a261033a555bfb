/** @file How each op is computed on blocked values. A rule answers null where the op stays as it is. */

import type { ConvAttributes, ConvTransposeAttributes, ConvWeightGradAttributes } from "../ops/conv.ts";
import { add, div, isAbove, mul, neg, relu, sqrt } from "../ops/elementwise.ts";
import type { BatchNormAttributes } from "../ops/norm.ts";
import { expand } from "../ops/reduce.ts";
import { concat, reshape, slice, split, transpose } from "../ops/shape.ts";
import { constant, count, type Node, type Shape, scalar, type Value } from "../value.ts";
import type { Layouts, Made } from "./layouts.ts";
import { nchwcConv, type PendingConv } from "./nchwc.ts";
import { channelDot, channelMean, scaleShift } from "./per-channel.ts";
import { blockTurnedWeight, blockWeight, padTo } from "./weight.ts";
import { blockedWeightGrad } from "./weight-grad.ts";

type Rule = (node: Node, layouts: Layouts) => readonly Made[] | null;

const isImage = ({ shape }: Value) => shape.length === 4;
const same = (a: Shape, b: Shape) => a.length === b.length && a.every((n, i) => n === b[i]);
const first = (x: Value, channels: number) =>
  x.shape[0] === channels ? x : slice(x, { axes: [0], starts: [0], ends: [channels] });

/** Fewer channels than half a block are not worth a block: they are read as an image, and never written. */
const fillsBlock = (channels: number, { size }: Layouts) => 2 * channels > size;
const readAs = (x: Value, layouts: Layouts) => {
  const image = !fillsBlock(x.shape[1]!, layouts);
  return { x: image ? layouts.plain(x) : layouts.blocked(x), image };
};

const convolution: Rule = ({ inputs: [x, w, b], attrs }, layouts) => {
  const { group, strides, pads } = attrs as unknown as ConvAttributes;
  if (!isImage(x!) || group !== 1 || !fillsBlock(w!.shape[0]!, layouts)) return null;
  const { x: read, image } = readAs(x!, layouts);
  const weight = blockWeight(layouts.plain(w!), layouts.size, image);
  const bias = b ? { bias: layouts.channels(b) } : {};
  return [{ pending: { x: read, weight, group, strides, pads, ...bias } }];
};

const convInputGrad: Rule = ({ inputs: [dy, w], attrs }, layouts) => {
  const { group, strides, pads } = attrs as unknown as ConvAttributes;
  const turnedPads = pads.map((n, i) => w!.shape[2 + (i % 2)]! - 1 - n);
  const plain = !isImage(dy!) || group !== 1 || strides.some((n) => n !== 1) || turnedPads.some((n) => n < 0);
  if (plain || !fillsBlock(w!.shape[1]!, layouts)) return null;
  const { x, image } = readAs(dy!, layouts);
  const weight = blockTurnedWeight(layouts.plain(w!), layouts.size, image);
  return [{ pending: { x, weight, group, strides, pads: turnedPads } }];
};

const convWeightGrad: Rule = ({ inputs: [x, dy], attrs }, layouts) => {
  const options = attrs as unknown as ConvWeightGradAttributes;
  if (options.group !== 1 || !isImage(x!) || !layouts.isBlocked(x!) || !layouts.isBlocked(dy!)) return null;
  const [inputs, outputs] = [x!.shape[1]!, dy!.shape[1]!];
  const sizes = { block: layouts.size, inputs, outputs };
  const dw = blockedWeightGrad(layouts.blocked(x!), layouts.blocked(dy!), options, sizes);
  return dw && [{ plain: dw }];
};

/** Windows that do not overlap: a pointwise convolution to every pixel of a window, and the pixels put in place. */
const convTranspose: Rule = ({ inputs: [x, w, b], attrs, outputs: [y] }, layouts) => {
  const { group, strides, pads, output_padding } = attrs as unknown as ConvTransposeAttributes;
  const [c, o, kh, kw] = w!.shape as [number, number, number, number];
  const tiles = isImage(x!) && same(strides, [kh, kw]) && [...pads, ...output_padding].every((n) => n === 0);
  const { size } = layouts;
  if (!tiles || group !== 1 || o % size !== 0 || !fillsBlock(c, layouts)) return null;
  const byPixel = transpose(reshape(layouts.plain(w!), [c, o, kh * kw]), [2, 1, 0]);
  const weight = blockWeight(reshape(byPixel, [kh * kw * o, c, 1, 1]), size, false);
  const bias = b ? { bias: concat(Array(kh * kw).fill(layouts.plain(b)), 0) } : {};
  const unit = { group, strides: [1, 1], pads: [0, 0, 0, 0] };
  const conv = nchwcConv({ x: layouts.blocked(x!), weight, ...bias, ...unit });
  const [n, , h, width] = x!.shape as [number, number, number, number];
  const pixels = reshape(conv, [n, kh, kw, o / size, h, width, size]);
  return [{ blocked: reshape(transpose(pixels, [0, 3, 4, 1, 5, 2, 6]), y!.shape) }];
};

/** One pass for mean 0, one for the variance, one for the output; the values less their mean serve the gradient too. */
const batchNorm: Rule = ({ inputs: [x, scale, bias], attrs }, layouts) => {
  const { epsilon, training_mode } = attrs as unknown as BatchNormAttributes;
  if (!training_mode || !layouts.isBlocked(x!)) return null;
  const [values, c] = [layouts.blocked(x!), scale!.shape[0]!];
  const mean = channelMean(values, layouts.size);
  const unit = constant(new Float32Array(values.shape[1]!).fill(1), [values.shape[1]!]);
  const centred = nchwcConv(scaleShift(values, unit, neg(mean)));
  layouts.centred.set(x!, centred);
  const elements = count(x!.shape) / c;
  const variance = mul(channelDot(centred, centred, layouts.size), scalar(1 / elements));
  const slope = div(layouts.channels(scale!), sqrt(add(variance, scalar(epsilon))));
  const y = scaleShift(centred, slope, layouts.channels(bias!));
  return [{ pending: y }, { plain: first(mean, c) }, { plain: first(variance, c) }];
};

/** The formulas of `BatchNormalization`'s gradient; padded channels have scale 0 and so stay 0. */
const batchNormGrad: Rule = ({ inputs: [x, scale, , variance, dy], attrs }, layouts) => {
  const centred = layouts.centred.get(x!);
  if (!centred) return null;
  const [cotangent, c] = [layouts.blocked(dy!), scale!.shape[0]!];
  const elements = count(x!.shape) / c;
  const inverse = div(scalar(1), sqrt(add(layouts.channels(variance!), scalar(Number(attrs["epsilon"])))));
  const dBias = mul(channelMean(cotangent, layouts.size), scalar(elements));
  const dScale = mul(channelDot(cotangent, centred, layouts.size), inverse);
  const slope = mul(layouts.channels(scale!), inverse);
  const perElement = mul(slope, scalar(-1 / elements));
  const statistics = scaleShift(centred, mul(mul(perElement, inverse), dScale), mul(perElement, dBias));
  const dx: PendingConv = { ...scaleShift(cotangent, slope), sum: statistics };
  return [{ pending: dx }, { plain: first(dScale, c) }, { plain: first(dBias, c) }];
};

const reluRule: Rule = ({ inputs: [x] }, layouts) => {
  const conv = layouts.pending(x!);
  if (conv && !conv.relu) return [{ pending: { ...conv, relu: true } }];
  return layouts.isBlocked(x!) ? [{ blocked: relu(layouts.blocked(x!)) }] : null;
};

const reluGrad: Rule = ({ inputs: [y, dy] }, layouts) => {
  if (!layouts.isBlocked(y!)) return null;
  return [{ blocked: mul(layouts.blocked(dy!), isAbove(layouts.blocked(y!), 0)) }];
};

/** `conv` with one more summand; undefined: it takes none. */
function withSum(conv: PendingConv, sum: () => Value): PendingConv | undefined {
  if (conv.relu) return undefined;
  if (!conv.sum) return { ...conv, sum: sum() };
  const inner = "weight" in conv.sum ? withSum(conv.sum, sum) : undefined;
  return inner && { ...conv, sum: inner };
}

const addRule: Rule = ({ inputs: [a, b] }, layouts) => {
  if (!same(a!.shape, b!.shape) || !(layouts.isBlocked(a!) || layouts.isBlocked(b!))) return null;
  for (const [value, other] of [[a!, b!] as const, [b!, a!] as const]) {
    const conv = layouts.pending(value);
    const fused = conv && withSum(conv, () => layouts.blocked(other));
    if (fused) return [{ pending: fused }];
  }
  return [{ blocked: add(layouts.blocked(a!), layouts.blocked(b!)) }];
};

/** By one number an item and channel, as dropout of channels does: every item's channels are channels of one item. */
const mulRule: Rule = ({ inputs: [x, factor] }, layouts) => {
  if (!layouts.isBlocked(x!) || !same(factor!.shape, [...x!.shape.slice(0, 2), 1, 1])) return null;
  const values = layouts.blocked(x!);
  const [n, c, ...size] = values.shape as [number, number, number, number];
  const scale = reshape(padTo(layouts.plain(factor!), [n, c, 1, 1]), [n * c]);
  return [{ blocked: reshape(nchwcConv(scaleShift(reshape(values, [1, n * c, ...size]), scale)), values.shape) }];
};

/** [N, C, H, W] -> [C] */
const channelSum: Rule = ({ inputs: [x], attrs, outputs: [y] }, layouts) => {
  if (!layouts.isBlocked(x!) || !isImage(x!) || attrs["keepdims"] || !same(attrs["axes"] as Shape, [0, 2, 3]))
    return null;
  const c = y!.shape[0]!;
  // What batch norm hands back to its input has mean 0 in every channel.
  const { source } = x!;
  if (source.kind === "node" && source.node.op.type === "BatchNormGrad" && source.index === 0)
    return [{ plain: expand(scalar(0), [c]) }];
  const sums = mul(channelMean(layouts.blocked(x!), layouts.size), scalar(count(x!.shape) / c));
  return [{ plain: first(sums, c) }];
};

const wholeBlocks = (values: readonly Value[], { size }: Layouts) =>
  values.every((value) => isImage(value) && value.shape[1]! % size === 0);

const concatRule: Rule = ({ inputs, attrs }, layouts) => {
  if (attrs["axis"] !== 1 || !wholeBlocks(inputs, layouts) || !inputs.some(layouts.isBlocked)) return null;
  return [{ blocked: concat(inputs.map(layouts.blocked), 1) }];
};

const splitRule: Rule = ({ inputs: [x], attrs, outputs }, layouts) => {
  if (attrs["axis"] !== 1 || !wholeBlocks(outputs, layouts) || !layouts.isBlocked(x!)) return null;
  return split(layouts.blocked(x!), 1, attrs["split"] as Shape).map((blocked) => ({ blocked }));
};

/** The kernel brings an inner axis to the end and back: 9 ms for 8x4x128x128, where all the passes here take 2. */
const logSoftmaxRule: Rule = ({ op, inputs: [x], attrs }, layouts) => {
  if (attrs["axis"] === x!.shape.length - 1) return null;
  return op.lowering!([layouts.plain(x!)], attrs as never)!.map((plain) => ({ plain }));
};

/** By the ops' types. */
export const rules: Readonly<Record<string, Rule>> = {
  Add: addRule,
  BatchNormalization: batchNorm,
  BatchNormGrad: batchNormGrad,
  Concat: concatRule,
  Conv: convolution,
  ConvInputGrad: convInputGrad,
  ConvTranspose: convTranspose,
  ConvWeightGrad: convWeightGrad,
  LogSoftmax: logSoftmaxRule,
  Mul: mulRule,
  ReduceSum: channelSum,
  Relu: reluRule,
  ReluGrad: reluGrad,
  Split: splitRule,
};
