/** The keys under which a limit counts requests. */
import { hash } from "node:crypto";
import { callerOf, networkOf } from "lutra/internal";
import type { LimitConfig } from "../config/schema.ts";
import type { RoutingInput } from "../routes/match.ts";
import type { Subject } from "../subjects/subject.ts";

type Per = LimitConfig["per"][number];

/** Maximum length of a key. Longer keys are hashed, so that clients cannot exhaust the memory. */
const maxKeyLength = 128;

/**
 * Compiles `per` into a function that returns the key of a request. Callers without a principal are
 * distinguished by their address.
 */
export function compileKey(per: readonly Per[]): (input: RoutingInput) => string {
  const parts = per.map(compilePart);
  if (parts.length === 0) return () => "";
  return (input) => {
    const key = JSON.stringify(parts.map((part) => part(input) ?? null));
    if (key.length <= maxKeyLength) return key;
    return hash("sha256", key, "base64url");
  };
}

function compilePart(per: Per): (input: RoutingInput) => string | undefined {
  if (per === "principal") {
    return ({ principal: id, head: { address } }) =>
      callerOf({ principal: id === undefined ? undefined : { id }, address });
  }
  if (per === "address") return ({ head }) => networkOf(head.address);
  if (per === "upstream") return ({ subject }) => subject?.countedAt;
  if (per === "tool") return ({ subject, head }) => (subject ? toolKey(subject) : head.name);
  const name = per.slice("param:".length).toLowerCase();
  return ({ head }) => head.param(name);
}

/** Returns the same key for all names of a tool, prompt or resource. */
function toolKey(subject: Subject): string {
  const { countedAt, kind, name } = subject;
  return JSON.stringify([
    countedAt,
    kind,
    kind === "resource" ? subject.ownCanonical.at(-1) : name,
  ]);
}
