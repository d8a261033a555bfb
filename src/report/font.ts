/**
 * @file A small font of strokes, so that pictures carry text without fonts from the system. A glyph is a list of strokes;
 * a point is two base-36 digits, x to the right and y down: capitals stand on y = 12 and reach y = 0, small letters reach
 * y = 4, descenders y = 16. A stroke of points is a polyline; "~" makes it a smooth curve and "o" a closed one, whose
 * inner points are control points of quadratic arcs that meet half-way between them.
 */

/** x and y pairs of a polyline, in font units. */
export type Stroke = readonly (readonly [number, number])[];

export interface Glyph {
  readonly width: number;
  readonly strokes: readonly Stroke[];
}

/** Height of a capital letter in font units. */
export const CAP_HEIGHT = 12;
/** Between two glyphs. */
export const LETTER_GAP = 3;

/** The glyph of a character; an empty box stands for one that the font does not have. */
export function glyphOf(character: string): Glyph {
  const known = glyphs.get(character);
  if (known) return known;
  const glyph = parseGlyph(character, drawings[character] ?? "0070" + "7c0c00");
  glyphs.set(character, glyph);
  return glyph;
}

const glyphs = new Map<string, Glyph>();

function parseGlyph(character: string, drawing: string): Glyph {
  const strokes = drawing.split(" ").filter(Boolean).map(parseStroke);
  const reach = Math.max(...strokes.flat().map(([x]) => x), 0);
  // Digits are equally wide, so that numbers stand below each other.
  return { width: /\d/.test(character) ? 7 : character === " " ? 3 : reach, strokes };
}

function parseStroke(text: string): Stroke {
  const kind = text[0];
  const digits = kind === "~" || kind === "o" ? text.slice(1) : text;
  const points = Array.from({ length: digits.length / 2 }, (_, i): [number, number] => [
    Number.parseInt(digits[2 * i], 36),
    Number.parseInt(digits[2 * i + 1], 36),
  ]);
  if (kind === "~") return curve(points);
  if (kind !== "o") return points;
  const first = middle(points[points.length - 1], points[0]);
  return curve([first, ...points, first]);
}

type Point = readonly [number, number];

const middle = (a: Point, b: Point): Point => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];

const ARC_STEPS = 6;

/** Quadratic arcs B(t) = (1-t)^2 p + 2 t (1-t) c + t^2 q, one for each inner point c. */
function curve(points: readonly Point[]): Stroke {
  const out: Point[] = [points[0]];
  for (let i = 1; i < points.length - 1; i++) {
    const from = out[out.length - 1];
    const control = points[i];
    const to = i === points.length - 2 ? points[i + 1] : middle(control, points[i + 1]);
    for (let step = 1; step <= ARC_STEPS; step++) {
      const t = step / ARC_STEPS;
      const mix = (axis: 0 | 1) => (1 - t) ** 2 * from[axis] + 2 * t * (1 - t) * control[axis] + t * t * to[axis];
      out.push([mix(0), mix(1)]);
    }
  }
  return out;
}

const drawings: Readonly<Record<string, string>> = {
  " ": "",
  "0": "o00707c0c",
  "1": "13505c",
  "2": "~030070750c 0c7c",
  "3": "~0200606636 ~36767c0c0a",
  "4": "5c500878",
  "5": "601005 ~0514747c0c0a",
  "6": "o04747c0c ~080160",
  "7": "00702c",
  "8": "o10606616 o06767c0c",
  "9": "o00707808 ~747b1c",
  A: "0c408c 1878",
  B: "30000c3c 0636 ~30606636 ~36767c3c",
  C: "~8280000c8c8a",
  D: "30000c3c ~30808c3c",
  E: "70000c7c 0656",
  F: "70000c 0656",
  G: "~8280000c8c87 8757",
  H: "000c 808c 0686",
  I: "000c",
  J: "6069 ~696c0c0a",
  K: "000c 7007 348c",
  L: "000c6c",
  M: "0c0048808c",
  N: "0c008c80",
  O: "o00909c0c",
  P: "0c0030 ~30707737 3707",
  Q: "o00909c0c 6a9d",
  R: "0c0030 ~30707737 3707 377c",
  S: "~72700005777c0c0a",
  T: "0080 404c",
  U: "0008 ~080c8c88 8880",
  V: "004c80",
  W: "003c629cc0",
  X: "008c 800c",
  Y: "004680 464c",
  Z: "00800c8c",
  a: "o04747c0c 747c",
  b: "o04747c0c 000c",
  c: "~6664040c6c6a",
  d: "o04747c0c 707c",
  e: "0878 ~7874040c6c7a",
  f: "~502024 242c 0454",
  g: "o04747c0c 747d ~7d7g1g0f",
  h: "000c ~08046468 686c",
  i: "040c 01",
  j: "343d ~3d3g0g 31",
  k: "000c 6409 276c",
  l: "000c",
  m: "040c ~08045458 585c ~5854a4a8 a8ac",
  n: "040c ~08046468 686c",
  o: "o04747c0c",
  p: "o04747c0c 040g",
  q: "o04747c0c 747g",
  r: "040c ~080444",
  s: "~65640407696c0c0b",
  t: "202a ~2a2c5c 0454",
  u: "0408 ~080c6c68 646c",
  v: "043c64",
  w: "042c558ca4",
  x: "046c 640c",
  y: "043c 641g",
  z: "04640c6c",
  ".": "0c",
  ",": "1b0e",
  ":": "06 0c",
  "-": "0848",
  _: "0e6e",
  "/": "0e50",
  "(": "~30040a3e",
  ")": "~00343a0e",
  "%": "o00404505 o57979c5c 810b",
  "+": "0868 353b",
  "=": "0666 0a6a",
  "·": "17 27",
  "'": "0003",
};
