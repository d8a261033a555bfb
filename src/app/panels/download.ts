/** @file Files that the page hands to its user. */

import style from "./summary.css?inline";

/** The browser's own download of what is in memory. */
export function download(name: string, content: Uint8Array | string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content as BlobPart]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function toDataUrl(type: string, bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return `data:${type};base64,${btoa(text)}`;
}

/** The printed summary as a file of its own. */
export function summaryDocument(title: string): string {
  const summary = document.getElementById("summary")!;
  const head = `<meta charset="utf-8"><title>${title.replace(/[<&]/g, "")}</title><style>${style}</style>`;
  return `<!doctype html><html lang="en"><head>${head}</head><body>${summary.outerHTML}</body></html>\n`;
}
