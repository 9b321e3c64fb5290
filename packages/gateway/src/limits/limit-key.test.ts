import { describe, expect, it } from "vitest";
import { headOf, modern } from "../fixtures/head-of.ts";
import { Subject, type SubjectKind } from "../subjects/subject.ts";
import { headFrom } from "./fixtures/limited-upstream.ts";
import { compileKey } from "./limit-key.ts";

const head = headOf(...modern("tools/call", "search", "Mcp-Param-Country", "fr"));

describe("the key of a limit", () => {
  it("is the same for all requests without per", () => {
    const keyOf = compileKey([]);
    expect(keyOf({ head, principal: "ada" })).toBe(keyOf({ head, principal: undefined }));
  });

  it.each([
    ["principal", "ada", "bo"],
    ["address", "192.0.2.1", "192.0.2.2"],
    ["tool", "search", "nearby"],
    ["param:Country", "fr", "de"],
    ["param:Country", "fr", undefined],
  ] as const)("differs by %s: %s, %s", (per, _one, other) => {
    const keyOf = compileKey([per]);
    const name = per === "tool" ? other : "search";
    const country = per === "param:Country" ? other : "fr";
    const address = per === "address" ? other : "192.0.2.1";
    const raw = modern("tools/call", name, ...(country ? ["Mcp-Param-Country", country] : []));
    const changed = headFrom(address, ...raw);
    const principal = per === "principal" ? other : "ada";
    expect(keyOf({ head, principal: "ada" })).not.toBe(keyOf({ head: changed, principal }));
    expect(keyOf({ head, principal: "ada" })).toBe(keyOf({ head, principal: "ada" }));
  });

  it("differs for each combination", () => {
    const keyOf = compileKey(["principal", "tool"]);
    const other = headOf(...modern("tools/call", "nearby"));
    const keys = ["ada", "bo"].flatMap((principal) =>
      [head, other].map((head) => keyOf({ head, principal })),
    );
    expect(new Set(keys).size).toBe(4);
  });

  it("is the address for callers without a principal, and differs from every principal", () => {
    const keyOf = compileKey(["principal"]);
    const unknown = keyOf({ head, principal: undefined });
    expect(unknown).toContain("192.0.2.1");
    expect(keyOf({ head, principal: "192.0.2.1" })).not.toBe(unknown);
    expect(keyOf({ head, principal: "address 192.0.2.1" })).not.toBe(unknown);
  });

  it.each<[string, string, readonly (readonly [sent: string, own: string])[]]>([
    [
      "tool",
      "tools/call",
      [
        ["report", "report"],
        ["notes.report", "report"],
      ],
    ],
    [
      "resource",
      "resources/read",
      [
        ["file:///a/b", "file:///a/b"],
        ["notes+file:///a/b", "file:///a/b"],
        ["FILE:///a%2fb", "FILE:///a%2fb"],
      ],
    ],
  ])("per tool is the same for all names of a %s", (kind, method, names) => {
    const keyOf = compileKey(["tool"]);
    const keys = names.map(([sent, own]) => {
      const subject = new Subject("notes", kind as SubjectKind, own);
      return keyOf({ head: headOf(...modern(method, sent)), principal: undefined, subject });
    });
    expect(new Set(keys).size).toBe(1);
  });

  it("per tool differs for equal names of two upstreams", () => {
    const keyOf = compileKey(["tool"]);
    const [one, other] = ["notes", "files"].map((upstream) => {
      const subject = new Subject(upstream, "tool", "report");
      return keyOf({ head: headOf(...modern("tools/call", "x")), principal: undefined, subject });
    });
    expect(one).not.toBe(other);
  });

  it("is short for a long name", () => {
    const keyOf = compileKey(["tool"]);
    const long = (end: string) => headOf(...modern("tools/call", "x".repeat(5000) + end));
    const key = keyOf({ head: long("a"), principal: undefined });
    expect(key.length).toBeLessThan(64);
    expect(key).not.toBe(keyOf({ head: long("b"), principal: undefined }));
  });
});
