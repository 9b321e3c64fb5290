/** Rules as data: uses that revision 2026-07-28 does not support, and their replacement. */
import type { Fact } from "../source/facts.ts";
import type { Sdk } from "../source/sdks.ts";

/**
 * The weight of a finding:
 *
 * - `blocks`: revision 2026-07-28 has nothing of the kind, so the design changes
 * - `replace`: Lutra has an equivalent
 * - `deprecated`: revision 2026-07-28 still has it, but deprecates it
 * - `check`: it depends on the purpose, which a program can't see
 */
export type Level = "blocks" | "replace" | "deprecated" | "check";

/** A kind of use. Each condition that is given must hold. */
export interface Pattern {
  readonly kind: Fact["kind"];
  /** The exact names, texts or numbers. @default any */
  readonly names?: readonly string[];
  /** The numbers from the first to the second one. */
  readonly range?: readonly [from: number, to: number];
  /** Numbers and names that are left out. */
  readonly except?: readonly string[];
  /** The object of a call or member, as it is written. */
  readonly of?: RegExp;
  /** SDKs of which the program uses at least one. @default any */
  readonly sdks?: readonly Sdk[];
}

export interface Rule {
  /** Stable; the member `rule` of a finding. */
  readonly id: string;
  readonly level: Level;
  /** A noun phrase. */
  readonly title: string;
  /** One or two sentences: the reason, and the replacement in Lutra. */
  readonly replacement: string;
  /** The heading in docs/migrating.md, as the anchor of its link. */
  readonly guide: string;
  readonly patterns: readonly Pattern[];
}

/** Returns true if a fact is a use of the kind, in a program that uses the SDKs. */
export function matches(pattern: Pattern, fact: Fact, sdks: ReadonlySet<Sdk>): boolean {
  const { kind, names, range, except = [], of } = pattern;
  if (fact.kind !== kind || except.includes(fact.name)) return false;
  if (names !== undefined && !names.includes(fact.name)) return false;
  if (range !== undefined && !(Number(fact.name) >= range[0] && Number(fact.name) <= range[1])) {
    return false;
  }
  if (of !== undefined && !of.test(fact.of)) return false;
  return pattern.sdks === undefined || pattern.sdks.some((sdk) => sdks.has(sdk));
}
