/** @file The sources as syntax trees with their imports. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

interface Source {
  /** "src/nn/adam.ts" */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Path of one of our files, or name of a package. Dynamic imports count, `import type` is marked. */
  readonly imports: readonly { readonly to: string; readonly typeOnly: boolean }[];
}

const GENERATED = "src/graph/onnx_pb.ts";

/** Every file under src that somebody wrote, tests too. */
export const listFiles = (): string[] =>
  readdirSync("src", { recursive: true, encoding: "utf8" })
    .map((file) => join("src", file))
    .filter((path) => path.endsWith(".ts") && path !== GENERATED)
    .sort();

export function readSource(path: string): Source {
  const text = readFileSync(path, "utf8");
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports = nodesIn(tree).flatMap((node) => {
    const name = importedBy(node);
    return name ? [{ to: name.startsWith(".") ? join(dirname(path), name) : name, typeOnly: isTypeOnly(node) }] : [];
  });
  return { path, text, tree, imports };
}

/** A node and all below it. */
function nodesIn(node: ts.Node): ts.Node[] {
  const found = [node];
  ts.forEachChild(node, (child) => {
    found.push(...nodesIn(child));
  });
  return found;
}

function importedBy(node: ts.Node): string | undefined {
  const isCall = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isStatement = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  const name = isCall ? node.arguments[0] : isStatement ? node.moduleSpecifier : undefined;
  return name && ts.isStringLiteral(name) ? name.text : undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (!ts.isImportDeclaration(node) || !node.importClause) return false;
  const { phaseModifier, name, namedBindings } = node.importClause;
  if (phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  return (
    !name && !!namedBindings && ts.isNamedImports(namedBindings) && namedBindings.elements.every((e) => e.isTypeOnly)
  );
}

/** "src/nn/adam.ts" -> "nn", "src/error.ts" -> "error" */
export const roomOf = (path: string): string => path.split("/")[1].replace(/\.ts$/, "");

export const countLines = (text: string): number => text.split("\n").length - 1;

/** Name, first line and count of lines of every function with a body or a type; `positional` leaves options objects out. */
export function functionsIn({ tree }: Source) {
  const lineAt = (position: number) => tree.getLineAndCharacterOfPosition(position).line + 1;
  return nodesIn(tree)
    .filter((node) => ts.isFunctionLike(node))
    .map((node) => {
      const first = lineAt(node.getStart());
      const positional = node.parameters.filter((parameter) => !isOptions(parameter)).length;
      return { first, lines: lineAt(node.end) - first + 1, positional, parameters: node.parameters.length };
    });
}

/** Taken apart at once, of a type written out, or of a type that is called so. */
const isOptions = ({ name, type }: ts.ParameterDeclaration): boolean =>
  ts.isObjectBindingPattern(name) ||
  (!!type && (ts.isTypeLiteralNode(type) || /(Options|Attributes)$/.test(type.getText())));
