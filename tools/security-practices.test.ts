/** The checklist of the security best practices, as far as they concern servers and gateways. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { evidenceIn } from "./spec-rules.ts";

interface Practice {
  readonly rule: string;
  readonly verdict: "holds" | "not ours";
  readonly test?: string;
  readonly reason?: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const checklist: { readonly [heading: string]: readonly Practice[] } = JSON.parse(
  readFileSync(new URL("security-practices.json", import.meta.url), "utf8"),
);
const hasEvidence = evidenceIn(root);

describe.each(Object.entries(checklist))("security best practices: %s", (_heading, practices) => {
  it.each(practices)("$rule", ({ verdict, test, reason }) => {
    if (verdict === "holds") expect(hasEvidence(test ?? ""), `no such test: ${test}`).toBe(true);
    else expect(reason).toBeDefined();
  });
});
