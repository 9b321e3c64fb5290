import { describe, expect, it } from "vitest";
import { limitConstantsOf } from "./limit-constants.ts";
import { findWrongLimits } from "./limits.ts";

describe("the constants of a file", () => {
  it.each([
    ["const maxBytes = 4_096;", 4096],
    ["const maxBytes: number = 2 * 1024 * 1024;", 2_097_152],
    ["const { maxBytes = 5 } = options;", 5],
    ["function f({ maxBytes = 5 }: Options) {}", 5],
    ["class Size { constructor(maxBytes = 5) {} }", 5],
    ["const complete = { maxBytes: 5, ...options };", 5],
    ["const complete = { maxBytes: options.maxBytes ?? 5 };", 5],
    ["const schema = { maxBytes: z.int().min(0).default(5).describe('') };", 5],
    ["const schema = { maxBytes: count('Maximum').default(5) };", 5],
  ])("include %s", (text, value) => {
    expect(limitConstantsOf("a.ts", text)).toEqual([{ name: "maxBytes", value }]);
  });

  it.each([
    "interface Options { readonly maxBytes: 5 }",
    "const maxBytes = options.maxBytes ?? other;",
    "const schema = { maxBytes: z.int().min(5) };",
    'const maxBytes = "5";',
  ])("do not include %s", (text) => {
    expect(limitConstantsOf("a.ts", text)).toEqual([]);
  });
});

describe("the list of limits", () => {
  const path = "packages/a/src/a.ts";
  const source = (text: string) => [{ path, text }];
  const row = (value: string, name = "maxBytes") =>
    `| Limit | Per | Default | Option | When it is reached | Defined in |
| --- | --- | --: | --- | --- | --- |
| body | request | ${value} | fixed | 413 | \`${name}\` in [a.ts](../${path}) |
`;

  it("accepts a row with the number of the code", () => {
    const found = findWrongLimits(row("4,096 bytes (4 KiB)"), source("const maxBytes = 4096;"), {});
    expect(found).toEqual([]);
  });

  it("accepts a maximum that is internal", () => {
    const internal = { [path]: { maxBytes: "a reason" } };
    expect(findWrongLimits("", source("const maxBytes = 5;"), internal)).toEqual([]);
  });

  it("accepts a row for a number whose name states no maximum", () => {
    expect(findWrongLimits(row("5 ms", "idleMs"), source("const idleMs = 5;"), {})).toEqual([]);
  });

  it("rejects a row with another number", () => {
    expect(findWrongLimits(row("5 bytes"), source("const maxBytes = 6;"), {})).toEqual([
      `docs/limits.md:3: maxBytes is 5 here; ${path} has 6`,
    ]);
  });

  it("rejects a row for a name that its file does not have", () => {
    expect(findWrongLimits(row("5"), source("const idleMs = 5;"), {})).toEqual([
      `docs/limits.md:3: maxBytes is 5 here; ${path} has no number of this name`,
    ]);
  });

  it.each([
    ["no number", row("some")],
    ["no constant", "| body | request | 5 | fixed | 413 | a.ts |"],
  ])("rejects a row with %s", (_what, document) => {
    const [problem] = findWrongLimits(document, [], {});
    expect(problem).toMatch(/^docs\/limits\.md:\d: expected a default that begins with a number/);
  });

  it.each([
    ["const maxBytes = 5;", "maxBytes"],
    ["const { max = 5 } = options;", "max"],
    ["const defaultMaxBytes = 5;", "defaultMaxBytes"],
    ["const sweepLimit = 5;", "sweepLimit"],
  ])("rejects the source %s, which no row names", (text, name) => {
    expect(findWrongLimits("", source(text), {})).toEqual([
      `${path}: ${name}: expected a row in docs/limits.md, or a reason in internal-limits.ts`,
    ]);
  });

  it.each([
    ["nothing", "", "const other = 5;"],
    ["the number of a row", row("5"), "const maxBytes = 5;"],
  ])("rejects an internal limit that names %s", (_what, document, text) => {
    const internal = { [path]: { maxBytes: "a reason" } };
    expect(findWrongLimits(document, source(text), internal)).toEqual([
      `tools/internal-limits.ts: ${path}: maxBytes: not needed`,
    ]);
  });
});
