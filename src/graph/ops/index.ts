/** @file The op table: every operator that a graph may hold, by its ONNX name. */

import { Conv, ConvTranspose } from "./conv.ts";
import {
  Add,
  Cast,
  Clip,
  Div,
  Elu,
  Equal,
  Erf,
  Exp,
  Floor,
  Gelu,
  Greater,
  HardSigmoid,
  Log,
  Max,
  Mul,
  Neg,
  Relu,
  Sigmoid,
  Sqrt,
  Sub,
} from "./elementwise.ts";
import { Gather } from "./gather.ts";
import { InstanceNormalization } from "./instance-norm.ts";
import { MatMul } from "./linear.ts";
import { BatchNormalization, LayerNormalization } from "./norm.ts";
import { AveragePool, GlobalAveragePool, MaxPool } from "./pool.ts";
import { Expand, ReduceMax, ReduceMean, ReduceSum } from "./reduce.ts";
import { Resize } from "./resize.ts";
import { Concat, Pad, Reshape, Slice, Split, Transpose } from "./shape.ts";
import { LogSoftmax, Softmax } from "./softmax.ts";

export const ops = {
  Add,
  AveragePool,
  BatchNormalization,
  Cast,
  Clip,
  Concat,
  Conv,
  ConvTranspose,
  Div,
  Elu,
  Equal,
  Erf,
  Exp,
  Expand,
  Floor,
  Gather,
  Gelu,
  GlobalAveragePool,
  Greater,
  HardSigmoid,
  InstanceNormalization,
  LayerNormalization,
  Log,
  LogSoftmax,
  MatMul,
  Max,
  MaxPool,
  Mul,
  Neg,
  Pad,
  ReduceMax,
  ReduceMean,
  ReduceSum,
  Relu,
  Reshape,
  Resize,
  Sigmoid,
  Slice,
  Softmax,
  Split,
  Sqrt,
  Sub,
  Transpose,
} as const;
export type OpType = keyof typeof ops;
