import { describe, expect, it } from "vitest";
import { parseFrontmatter } from "./frontmatter.ts";

describe("ext-skills/skills#frontmatter", () => {
  it.each([
    ["Unix lines", "---\nname: a\n---\nBody", { name: "a" }],
    ["Windows lines", "---\r\nname: a\r\n---\r\nBody", { name: "a" }],
    ["a byte order mark", "\uFEFF---\nname: a\n---", { name: "a" }],
    ["blanks after the lines", "--- \nname: a\n---\t\n", { name: "a" }],
    ["a line of hyphens in the body", "---\nname: a\n---\n\n---\nb: 1\n---\n", { name: "a" }],
    ["a date, which stays text", "---\nx: 2026-01-02\n---\n", { x: "2026-01-02" }],
    ["numbers and booleans", "---\nx: 1.5\ny: true\nz: null\n---\n", { x: 1.5, y: true, z: null }],
    ["yes and no, which are text", "---\nx: yes\n---\n", { x: "yes" }],
    ["a member called __proto__", "---\n__proto__: 1\n---\n", JSON.parse('{"__proto__":1}')],
    ["several lines of text", "---\nx: |\n  a\n  b\n---\n", { x: "a\nb\n" }],
  ])("is read with %s", (_what, text, expected) => {
    expect(parseFrontmatter(text)).toEqual(expected);
  });

  it.each([
    ["no block", "name: a\n"],
    ["a block that is not first", "\n---\nname: a\n---\n"],
    ["no end", "---\nname: a\n"],
    ["an empty block", "---\n---\n"],
    ["a key that is listed twice", "---\na: 1\na: 2\n---\n"],
    ["a key that is not text", "---\n[a]: 1\n---\n"],
    ["infinity", "---\na: .inf\n---\n"],
    ["an unknown tag", "---\na: !!js/function x\n---\n"],
    ["aliases that expand without end", `---\n${bomb()}---\n`],
    ["nesting without end", `---\na: ${"[".repeat(60_000)}\n---\n`],
    ["a block that is too long", `---\na: ${"x".repeat(70_000)}\n---\n`],
  ])("is refused with %s", (_what, text) => {
    expect(() => parseFrontmatter(text)).toThrow(TypeError);
  });
});

/** Each level doubles the one before. */
function bomb(): string {
  const levels = Array.from({ length: 30 }, (_, level) => {
    return `a${level + 1}: &a${level + 1} [*a${level}, *a${level}]\n`;
  });
  return `a0: &a0 x\n${levels.join("")}`;
}
