import { describe, expect, it } from "vitest";
import { digestOf, skillDigest } from "./digest.ts";
import type { SkillResource } from "./protocol.ts";

const digest = (char: string) => `sha256:${char.repeat(64)}`;
const files = (root: string): SkillResource[] => [
  { uri: `${root}/SKILL.md`, digest: digest("a"), size: 1 },
  { uri: `${root}/b/c.md`, digest: digest("b"), size: 2 },
];
const of = (root: string, resources: readonly SkillResource[] | "dynamic" = files(root)) =>
  skillDigest({ uri: `${root}/SKILL.md`, resources });

describe("ext-skills/skills#integrity-and-verification", () => {
  it("a digest is sha256: and 64 lower-case hexadecimal digits of the bytes", async () => {
    expect(await digestOf(new TextEncoder().encode("abc"))).toBe(
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });
});

describe("skillDigest", () => {
  it("is that of all files, in any order and behind a gateway", async () => {
    const own = await of("skill://a");
    expect(own).toMatch(/^sha256:[\da-f]{64}$/);
    expect(await of("skill://a", files("skill://a").reverse())).toBe(own);
    expect(await of("billing+skill://a")).toBe(own);
  });

  it.each([
    ["rotated", [{ uri: "skill://a/SKILL.md", digest: digest("c"), size: 1 }]],
    ["added", [...files("skill://a"), { uri: "skill://a/d.md", digest: digest("b"), size: 2 }]],
    ["removed", files("skill://a").slice(0, 1)],
  ])("changes when a file is %s", async (_what, changed) => {
    expect(await of("skill://a", changed)).not.toBe(await of("skill://a"));
  });

  it("is undefined for a dynamic skill, to which no approval can be bound", async () => {
    expect(await of("skill://a", "dynamic")).toBeUndefined();
  });
});
