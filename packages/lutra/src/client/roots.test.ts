import { describe, expect, it } from "vitest";
import type { InputInfo } from "./input-info.ts";
import { answerRoots } from "./roots.ts";

const info = {} as InputInfo;

describe("client/roots#root", () => {
  it("the URI of a root MUST be a file URI", async () => {
    const roots = [{ uri: "file:///home/user", name: "Home" }, { uri: "file:///tmp" }];
    expect(await answerRoots(() => roots, info)).toEqual({ roots });
    expect(await answerRoots(async () => [], info)).toEqual({ roots: [] });
  });

  it.each<[string, unknown]>([
    ["another scheme", [{ uri: "https://example.com" }]],
    ["a path", [{ uri: "/home" }]],
    ["no URI", [{ name: "Home" }]],
    ["a number", [{ uri: 5 }]],
    ["null", [null]],
    ["no list", { uri: "file:///" }],
    ["a result of roots/list", { roots: [{ uri: "file:///" }] }],
  ])("other roots are a TypeError: %s", async (_what, roots) => {
    await expect(answerRoots(() => roots as never, info)).rejects.toThrow(
      new TypeError("onRoots: expected an array of roots, each with a file: URI"),
    );
  });
});
