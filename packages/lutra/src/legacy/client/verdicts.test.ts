import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileVerdicts } from "./file-verdicts.ts";
import { createMemoryVerdicts, guarded } from "./verdicts.ts";

const folder = mkdtempSync(join(tmpdir(), "lutra-verdicts-"));

describe.each([
  ["in memory", createMemoryVerdicts],
  ["in a file", () => createFileVerdicts(join(folder, "new", "eras.json"))],
])("verdicts %s", (_where, create) => {
  it("are remembered until they are removed", async () => {
    const verdicts = create();
    expect(await verdicts.get("a")).toBeUndefined();
    await Promise.all([
      verdicts.set("a", { era: "legacy", transport: "sse" }),
      verdicts.set("b", { era: "modern" }),
    ]);
    expect(await verdicts.get("a")).toEqual({ era: "legacy", transport: "sse" });
    expect(await verdicts.get("b")).toEqual({ era: "modern" });
    await verdicts.delete("a");
    expect(await verdicts.get("a")).toBeUndefined();
  });
});

describe("verdicts in a file", () => {
  it("are shared by processes, and leave no other files", async () => {
    const path = join(folder, "shared.json");
    await createFileVerdicts(path).set("a", { era: "legacy" });
    expect(await createFileVerdicts(path).get("a")).toEqual({ era: "legacy" });
    expect(readdirSync(folder).filter((name) => name.startsWith("shared"))).toEqual([
      "shared.json",
    ]);
  });

  it.each(["", "{", "[]", '{"servers":{"a":{"era":"old"}}}'])(
    "count as empty when the file contains %j",
    async (text) => {
      const path = join(folder, "odd.json");
      writeFileSync(path, text);
      expect(await createFileVerdicts(path).get("a")).toBeUndefined();
    },
  );
});

describe("a store of verdicts that fails", () => {
  it("fails no request", async () => {
    const fail = () => Promise.reject(new Error("the disk is full"));
    const verdicts = guarded({ get: fail, set: fail, delete: fail });
    expect(await verdicts.get("a")).toBeUndefined();
    await expect(verdicts.set("a", { era: "modern" })).resolves.toBeUndefined();
    await expect(verdicts.delete("a")).resolves.toBeUndefined();
  });
});
