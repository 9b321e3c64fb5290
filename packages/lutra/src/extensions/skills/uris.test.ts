import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSkillName, nameIn, pathBelow, pathProblem, rootOf, uriBelow } from "./uris.ts";

describe("rootOf", () => {
  it.each([
    ["skill://git-workflow/SKILL.md", "skill://git-workflow", "git-workflow"],
    ["skill://acme/billing/refunds/SKILL.md", "skill://acme/billing/refunds", "refunds"],
    ["github://owner/repo/skills/a/SKILL.md", "github://owner/repo/skills/a", "a"],
    ["billing+skill://a/SKILL.md", "billing+skill://a", "a"],
  ])("of %s is its directory, which has the name of the skill", (uri, root, name) => {
    expect(rootOf(uri)).toBe(root);
    expect(nameIn(root)).toBe(name);
  });

  it.each([
    ["skill://SKILL.md"],
    ["skill:///SKILL.md"],
    ["skill://a/skill.md"],
    ["skill://a/SKILL.md?x=/SKILL.md"],
    ["skill://a/SKILL.md#/SKILL.md"],
    ["a/SKILL.md"],
    ["skill://a b/SKILL.md"],
    [`skill://${"a/".repeat(5000)}SKILL.md`],
  ])("of %s is undefined", (uri) => {
    expect(rootOf(uri)).toBeUndefined();
  });
});

describe("isSkillName", () => {
  it.each(["a", "a1", "pdf-processing", "a".repeat(64)])("accepts %s", (name) => {
    expect(isSkillName(name)).toBe(true);
  });

  it.each(["", "A", "-a", "a-", "a--b", "a_b", "ä", "a".repeat(65)])("refuses %j", (name) => {
    expect(isSkillName(name)).toBe(false);
  });
});

describe("pathBelow", () => {
  const root = "skill://acme/a";

  it("returns any safe path that uriBelow has encoded", () => {
    const segment = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    const paths = fc
      .array(segment, { minLength: 1, maxLength: 5 })
      .map((segments) => segments.join("/"))
      .filter((path) => pathProblem(path) === undefined);
    fc.assert(
      fc.property(paths, (path) => {
        expect(pathBelow(root, uriBelow(root, path))).toBe(path);
      }),
    );
  });

  it("never returns a path that leaves the directory, for any text", () => {
    const piece = fc.constantFrom("..", ".", "/", "\\", "%2e", "%2F", "%5c", "a", ":", "%00", "%");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = pathBelow(root, `${root}/${pieces.join("")}`);
        const segments = path?.split("/") ?? [];
        expect(segments.every((one) => !["", ".", ".."].includes(one))).toBe(true);
        expect(path ?? "").not.toMatch(/[\\:\0]/);
      }),
    );
  });

  it.each([
    ["skill://acme/a"],
    ["skill://acme/ab/x.md"],
    ["skill://other/a/x.md"],
    ["skill://acme/a/../b/x.md"],
    ["skill://acme/a/%2e%2e/b"],
    ["skill://acme/a/b%2Fc"],
    ["skill://acme/a/b%5Cc"],
    ["skill://acme/a/%ff"],
    ["skill://acme/a/x.md?y"],
    ["skill://acme/a/.git/config"],
    ["skill://acme/a/b/.GIT/hooks/post-checkout"],
    ["skill://acme/a/git~1/config"],
    ["skill://acme/a/.g%E2%80%8Cit/config"],
    ["skill://acme/a/x%E2%80%AEgpj.sh"],
    ["skill://acme/a/COM%C2%B9.txt"],
  ])("is undefined for %s", (uri) => {
    expect(pathBelow(root, uri)).toBeUndefined();
  });
});
