/** Conditions on the head of a request and on its subject, compiled once. */
import type { Principal } from "lutra/protocol";
import type { MatchConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";
import { compilePatterns } from "../subjects/patterns.ts";
import { referenceOfHead } from "../subjects/reference.ts";
import {
  compileAnyName,
  compileOwnName,
  Subject,
  type SubjectKind,
  type SubjectTest,
} from "../subjects/subject.ts";
import { claimValues } from "./claim-values.ts";

/** The properties of a request that routes and limits depend on. */
export interface RoutingInput {
  readonly head: Head;
  readonly principal: string | undefined;
  /** The verified caller. Undefined for one without credentials. */
  readonly caller?: Principal | undefined;
  /** Undefined for a request without a subject, and until the subject is known. */
  readonly subject?: Subject | undefined;
}

/** One condition of a `match`. */
export interface Condition {
  /** The property that the condition tests, as in the configuration. */
  readonly about: string;
  readonly expected: string;
  /**
   * The part of a request that decides: the method or name in its head, its subject, or a property in
   * which calls of the same entry differ.
   */
  readonly on: "head" | "subject" | "call";
  readonly holds: (input: RoutingInput) => boolean;
  readonly actual: (input: RoutingInput) => string | undefined;
}

type Patterns = string | readonly string[];

/** The keys of a `match` that name an entry, with the kind of the entry. */
export const namedKinds = {
  tool: "tool",
  prompt: "prompt",
  resource: "resource",
} as const satisfies { readonly [Key in keyof MatchConfig]?: SubjectKind };

/**
 * Compiles the conditions of a `match`. An absent `match` has none.
 *
 * @param names `subject` to test names of the subject, as denials and limits do; `sent` to test only the
 *   name that the client sent, as routes to upstreams do
 */
export function compileMatch(
  match: MatchConfig | undefined,
  names: "subject" | "sent",
): readonly Condition[] {
  if (match === undefined) return [];
  const conditions: Condition[] = [];
  const { method, name, upstream, param = {} } = match;
  if (method !== undefined) conditions.push(onText("method", method, ({ head }) => head.method));
  if (upstream !== undefined) conditions.push(onUpstream(upstream));
  if (name !== undefined) conditions.push(names === "sent" ? onSentName(name) : onAnyName(name));
  for (const key of Object.keys(namedKinds) as (keyof typeof namedKinds)[]) {
    const patterns = match[key];
    if (patterns !== undefined) conditions.push(onEntry(key, patterns, names));
  }
  for (const [key, patterns] of Object.entries(param)) {
    const header = key.toLowerCase();
    const onParam = onText(`param.${key}`, patterns, ({ head }) => head.param(header));
    conditions.push({ ...onParam, on: "call" });
  }
  return [...conditions, ...onCaller(match)];
}

function onText(about: string, patterns: Patterns, actual: Condition["actual"]): Condition {
  const all = [patterns].flat();
  const fits = compilePatterns(all);
  const holds = (input: RoutingInput) => {
    const value = actual(input);
    return value !== undefined && fits(value);
  };
  return { about, expected: all.join(" or "), on: "head", actual, holds };
}

/** Compiles the conditions on the caller. They never hold for one whose credentials were not verified. */
function onCaller({ principal, scope, claim = {} }: MatchConfig): readonly Condition[] {
  const conditions: Condition[] = [];
  if (principal !== undefined) {
    conditions.push(onText("principal", principal, ({ principal }) => principal));
  }
  if (scope !== undefined) {
    conditions.push(onAnyOf("scope", scope, ({ caller }) => caller?.scopes ?? []));
  }
  for (const [name, patterns] of Object.entries(claim)) {
    const values = ({ caller }: RoutingInput) => claimValues(caller?.claims, name);
    conditions.push(onAnyOf(`claim.${name}`, patterns, values));
  }
  return conditions.map((condition) => ({ ...condition, on: "call" }));
}

/** A condition that holds if one of several values matches. */
function onAnyOf(
  about: string,
  patterns: Patterns,
  valuesOf: (input: RoutingInput) => readonly string[],
): Condition {
  const fits = compilePatterns([patterns].flat());
  const actual: Condition["actual"] = (input) => {
    const values = valuesOf(input);
    return values.length === 0 ? undefined : values.join(" ");
  };
  return {
    ...onText(about, patterns, actual),
    holds: (input) => valuesOf(input).some((value) => fits(value)),
  };
}

function onUpstream(patterns: Patterns): Condition {
  const actual: Condition["actual"] = ({ subject }) => subject?.upstream;
  return { ...onText("upstream", patterns, actual), on: "subject" };
}

function onSentName(patterns: Patterns): Condition {
  return onText("name", patterns, ({ head }) => head.name);
}

/** Tests the name as sent, and all other names of the subject. */
function onAnyName(patterns: Patterns): Condition {
  const sent = onSentName(patterns);
  const fits = compileAnyName([patterns].flat());
  return {
    ...sent,
    on: "subject",
    holds: (input) => sent.holds(input) || (input.subject !== undefined && fits(input.subject)),
  };
}

/** Tests the upstream's own name of an entry, or the name as sent. */
function onEntry(
  key: keyof typeof namedKinds,
  patterns: Patterns,
  names: "subject" | "sent",
): Condition {
  const kind = namedKinds[key];
  const fits = compileOwnName(kind, [patterns].flat());
  const expected = [patterns].flat().join(" or ");
  if (names === "sent") return onSentEntry({ key, expected }, kind, fits);
  return {
    about: key,
    expected,
    on: "subject",
    holds: ({ subject }) => subject !== undefined && fits(subject),
    actual: ({ subject }) => (subject?.kind === kind ? subject.name : undefined),
  };
}

function onSentEntry(
  { key, expected }: { readonly key: string; readonly expected: string },
  kind: SubjectKind,
  fits: SubjectTest,
): Condition {
  const sent = ({ head }: RoutingInput) => {
    const reference = referenceOfHead(head);
    return reference?.kind === kind ? reference.name : undefined;
  };
  const holds = (input: RoutingInput) => {
    const name = sent(input);
    return name !== undefined && fits(new Subject("", kind, name));
  };
  return { about: key, expected, on: "head", actual: sent, holds };
}
