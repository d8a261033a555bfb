/** @file Transformer layers. Shapes: [N, ..., T, dim], T tokens; the axes between are windows that do not see each other. */

import { add, gelu, mul } from "../graph/ops/elementwise.ts";
import { matmul, transposeLast } from "../graph/ops/linear.ts";
import { reshape, split, transpose } from "../graph/ops/shape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { scalar, type Value } from "../graph/value.ts";
import { dropout, itemDropout, layerNorm, linear } from "../nn/layers.ts";
import type { Scope } from "../nn/scope.ts";

interface LayerOptions {
  readonly attend: (scope: Scope, x: Value) => Value;
  readonly hidden: number;
  /** After each of the two linear layers. */
  readonly dropout: number;
  /** Of a whole branch of an item. */
  readonly pathDropout?: number;
  readonly epsilon?: number;
}

/** x + Attend(LN(x)), then + FC2(GELU(FC1(LN(x)))) */
export function transformerLayer(scope: Scope, x: Value, options: LayerOptions): Value {
  const { attend, hidden, dropout: rate, pathDropout = 0, epsilon } = options;
  const branch = (y: Value) => itemDropout(scope, y, pathDropout);
  const middle = add(x, branch(attend(scope.child("attention"), layerNorm(scope.child("norm1"), x, epsilon))));
  const mlp = scope.child("mlp");
  const wide = gelu(linear(mlp.child("fc1"), layerNorm(scope.child("norm2"), middle, epsilon), { out: hidden }));
  const narrow = linear(mlp.child("fc2"), dropout(scope, wide, rate), { out: x.shape.at(-1)! });
  return add(middle, branch(dropout(scope, narrow, rate)));
}

interface AttentionOptions {
  readonly heads: number;
  /** Of the weights, and of the result. */
  readonly dropout: number;
  readonly qkvBias: boolean;
  /** Each is added to the scores [N, ..., heads, T, T]. */
  readonly scoreBiases?: readonly Value[];
}

/** Proj(softmax(Q K^T / sqrt(d) + biases) V) over heads of width d; the 3 dim outputs of `qkv` are ordered Q, K, V. */
export function attention(scope: Scope, x: Value, options: AttentionOptions): Value {
  const { heads, dropout: rate, qkvBias, scoreBiases = [] } = options;
  const [lead, tokens, dim] = [x.shape.slice(0, -2), x.shape.at(-2)!, x.shape.at(-1)!];
  const d = dim / heads;
  const at = lead.length;
  const swap = [...lead.keys(), at + 1, at, at + 2]; // tokens and heads
  const qkv = linear(scope.child("qkv"), x, { out: 3 * dim, bias: qkvBias });
  const byHead = transpose(reshape(qkv, [...lead, tokens, 3 * heads, d]), swap); // [N, ..., 3 heads, T, d]
  const [q, k, v] = split(byHead, at, [heads, heads, heads]) as [Value, Value, Value];
  const scores = scoreBiases.reduce(add, matmul(mul(q, scalar(d ** -0.5)), transposeLast(k)));
  const mixed = matmul(dropout(scope, softmax(scores, at + 2), rate), v);
  const joined = reshape(transpose(mixed, swap), x.shape);
  return dropout(scope, linear(scope.child("proj"), joined, { out: dim }), rate);
}
