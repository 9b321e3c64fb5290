/** Decides which skills of an upstream are served, by its configuration. */
import type { UpstreamConfig } from "../config/schema.ts";
import { canonicalUri } from "../subjects/canonical-uri.ts";
import { compileOwnName, Subject } from "../subjects/subject.ts";

export type SkillRulesConfig = NonNullable<UpstreamConfig["skills"]>;

/** The decision about a skill, and the rule behind it. */
export type SkillDecision =
  /** Served in any version. */
  | { readonly kind: "allowed" }
  /** Served with the approved content only. */
  | { readonly kind: "approved" }
  | { readonly kind: "denied" }
  /** No rule is about it. */
  | { readonly kind: "unapproved" }
  /** Another content was approved. */
  | { readonly kind: "changed"; readonly approved: string };

/**
 * Decides about a skill with the digest of all its files; undefined for one without digests, which can't
 * be approved.
 */
export type DecideSkill = (uri: string, digest: string | undefined) => SkillDecision;

/** Compiles the rules. Denials take precedence over approvals, and these over what is allowed. */
export function compileSkillRules({ allow, deny, approved }: SkillRulesConfig): DecideSkill {
  const isAllowed = compileOwnName("resource", [allow ?? []].flat());
  const isDenied = compileOwnName("resource", [deny ?? []].flat());
  const digests = new Map(
    Object.entries(approved).map(([uri, digest]) => [canonicalUri(uri), digest]),
  );
  return (uri, digest) => {
    const subject = new Subject("", "resource", uri);
    if (isDenied(subject)) return { kind: "denied" };
    const expected = digests.get(canonicalUri(uri));
    if (expected !== undefined) {
      return expected === digest ? { kind: "approved" } : { kind: "changed", approved: expected };
    }
    return { kind: isAllowed(subject) ? "allowed" : "unapproved" };
  };
}

/** Returns true for a decision to serve the skill. */
export function isServed({ kind }: SkillDecision): boolean {
  return kind === "allowed" || kind === "approved";
}
