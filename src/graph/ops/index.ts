/** @file The op table: every operator that a graph may hold, by its ONNX name. */

import { Conv, ConvTranspose } from "./conv.ts";
import {
  Add,
  Cast,
  Div,
  Equal,
  Erf,
  Exp,
  Floor,
  Gelu,
  Greater,
  Log,
  Max,
  Mul,
  Neg,
  Relu,
  Sqrt,
  Sub,
} from "./elementwise.ts";
import { MatMul } from "./linear.ts";
import { BatchNormalization, LayerNormalization } from "./norm.ts";
import { AveragePool, GlobalAveragePool, MaxPool, ScatterElements } from "./pool.ts";
import { Expand, ReduceMax, ReduceMean, ReduceSum } from "./reduce.ts";
import { Concat, Pad, Reshape, Slice, Split, Transpose } from "./shape.ts";
import { LogSoftmax, Softmax } from "./softmax.ts";

export const ops = {
  Add,
  AveragePool,
  BatchNormalization,
  Cast,
  Concat,
  Conv,
  ConvTranspose,
  Div,
  Equal,
  Erf,
  Exp,
  Expand,
  Floor,
  Gelu,
  GlobalAveragePool,
  Greater,
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
  ScatterElements,
  Slice,
  Softmax,
  Split,
  Sqrt,
  Sub,
  Transpose,
} as const;
export type OpType = keyof typeof ops;
