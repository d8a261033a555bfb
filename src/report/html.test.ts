import { expect, test } from "vitest";
import { formatPage } from "./html.ts";

const page = (cell: string | number) =>
  formatPage({
    title: "A & B",
    lead: "what it is",
    sections: [
      {
        title: "One",
        tables: [
          { title: "T", columns: [{ title: "case" }, { title: "Dice", unit: "fraction" }], rows: [["a", cell]] },
        ],
        figures: [
          { title: "F", mark: "dot", x: { label: "x" }, y: { label: "y" }, points: [{ x: 1, y: 2, series: "<b>" }] },
          { title: "Empty", mark: "dot", x: { label: "x" }, y: { label: "y" }, points: [] },
        ],
        code: '{"a": 1}',
      },
    ],
  });

test("a table: text to the left, numbers to the right with the decimals of their unit", async () => {
  const html = await page(0.5);
  expect(html).toContain('<tr><td>a</td><td class="number">0.5000</td></tr>');
  expect(html).toContain('<tr><th>case</th><th class="number">Dice</th></tr>');
});

test("text of any kind stays text", async () => {
  const html = await page("<script>alert(1)</script>");
  expect(html).not.toContain("<script");
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain("<title>A &amp; B</title>");
  expect(html).toContain("<pre>{&quot;a&quot;: 1}</pre>");
  expect(html).not.toContain("<b>");
});

test("nothing is fetched: no address but the name of SVG", async () => {
  const html = await page(1);
  expect(html.match(/https?:[^"]*/g)).toEqual(["http://www.w3.org/2000/svg"]);
  expect(html).not.toMatch(/\b(src|href)="(?!data:)/);
  expect(html).toContain("default-src 'none'");
});

test("a figure without points is left out", async () => {
  const html = await page(1);
  expect(html.match(/<figcaption>/g)).toHaveLength(1);
  expect(html).not.toContain("Empty");
});

test("a picture lies in the page itself", async () => {
  const pictures = [{ title: "a < b", source: "data:image/png;base64,AAAA" }];
  const html = await formatPage({ title: "P", lead: "", sections: [{ title: "S", pictures }] });
  expect(html).toContain('<img alt="a &lt; b" src="data:image/png;base64,AAAA">');
});
