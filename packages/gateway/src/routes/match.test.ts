import { describe, expect, it } from "vitest";
import { headOf, modern } from "../fixtures/head-of.ts";
import { Subject } from "../subjects/subject.ts";
import { compileMatch } from "./match.ts";

describe("conditions", () => {
  const call = headOf(...modern("tools/call", "search", "Mcp-Param-Country", "FR"));
  const holds = (match: object, principal?: string) =>
    compileMatch(match, "sent").every((condition) => condition.holds({ head: call, principal }));

  it("match only when all of them hold", () => {
    expect(holds({ method: "tools/call", name: ["other", "sea*"], param: { Country: "FR" } })).toBe(
      true,
    );
    expect(holds({ method: "tools/call", name: "other" })).toBe(false);
    expect(holds({ method: ["tools/list", "tools/call"], param: { Country: ["DE"] } })).toBe(false);
  });

  it("do not hold for an absent property, not even with a star", () => {
    expect(holds({ param: { Region: "*" } })).toBe(false);
    expect(holds({ principal: "*" })).toBe(false);
    expect(holds({ principal: "*" }, "ana")).toBe(true);
  });

  it("are empty for an absent match", () => {
    expect([compileMatch(undefined, "sent"), compileMatch({}, "sent")]).toEqual([[], []]);
  });
});

describe("conditions on the subject", () => {
  const subject = new Subject("notes", "tool", "drop_table");
  const file = new Subject("notes", "resource", "FILE:///etc/./passwd");
  const call = headOf(...modern("tools/call", "notes.drop_table"));
  const holds = (match: object, about: Subject, names: "sent" | "subject" = "subject") =>
    compileMatch(match, names).every((condition) =>
      condition.holds({ head: call, principal: undefined, subject: about }),
    );

  it.each([
    [{ name: "drop_*" }, subject, true],
    [{ name: "notes.drop_*" }, subject, true],
    [{ name: "other.drop_*" }, subject, false],
    [{ tool: "drop_*" }, subject, true],
    [{ tool: "notes.drop_*" }, subject, false],
    [{ prompt: "drop_*" }, subject, false],
    [{ upstream: "no*" }, subject, true],
    [{ upstream: "other", tool: "drop_*" }, subject, false],
    [{ name: "file:///etc/*" }, file, true],
    [{ name: "notes+file:///etc/*" }, file, true],
    [{ resource: "file:///etc/passwd" }, file, true],
    [{ resource: "file:///%65tc/passwd" }, file, true],
    [{ resource: "file:///home/*" }, file, false],
    [{ tool: "*" }, file, false],
  ])("compare %j with every name of the entry", (match, about, expected) => {
    expect(holds(match, about)).toBe(expected);
  });

  it("compare only the name as sent in a route to upstreams", () => {
    expect(holds({ tool: "drop_*" }, subject, "sent")).toBe(false);
    expect(holds({ name: "notes.*" }, subject, "sent")).toBe(true);
    expect(holds({ tool: "notes.*" }, subject, "sent")).toBe(true);
    expect(holds({ prompt: "notes.*" }, subject, "sent")).toBe(false);
  });
});
