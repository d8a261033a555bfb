/** @file Other names for the input and the output of an ONNX model; everything else stays as its maker wrote it. */

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "./onnx_pb.ts";

/** `names` gives the new name of each value to rename; a value inside that has such a name already gets another. */
export function renameValues(bytes: Uint8Array, names: Readonly<Record<string, string>>): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const graph = model.graph!;
  const taken = new Set(Object.values(names));
  const rename = (name: string) => names[name] ?? (taken.has(name) ? `${name}_inside` : name);
  for (const node of graph.node) {
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
  }
  for (const value of [...graph.input, ...graph.output, ...graph.initializer, ...graph.valueInfo])
    value.name = rename(value.name);
  return toBinary(ModelProtoSchema, model);
}
