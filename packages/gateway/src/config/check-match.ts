/** Rules for the conditions of routes and limits: each must be able to hold. */

import { compilePatterns } from "../subjects/patterns.ts";
import { canRefer } from "../subjects/reference.ts";
import { didYouMean } from "./closest.ts";
import type { MatchConfig } from "./schema.ts";
import type { Finding, ValidParts } from "./valid-parts.ts";

/** The keys that name an entry. A request has only one name. */
const naming = ["name", "tool", "prompt", "resource"] as const;

/** Returns every condition that can't hold. */
export function checkMatches({ upstreams, routes, limits }: ValidParts): readonly Finding[] {
  const ofRoutes = routes.flatMap((route, index) => {
    if (route?.match === undefined) return [];
    const at = (...path: readonly PropertyKey[]) => ["routes", index, "match", ...path];
    const isDenial = route.deny !== undefined;
    return [
      ...(isDenial ? [] : upstreamWithoutDeny(route.match, at("upstream"))),
      ...checkMatch(route.match, at, upstreams),
    ];
  });
  const ofLimits = limits.flatMap((limit, index) => {
    if (limit?.match === undefined) return [];
    const at = (...path: readonly PropertyKey[]) => ["limits", index, "match", ...path];
    return checkMatch(limit.match, at, upstreams);
  });
  return [...ofRoutes, ...ofLimits];
}

type PathOf = (...path: readonly PropertyKey[]) => readonly PropertyKey[];

function checkMatch(
  match: MatchConfig,
  at: PathOf,
  upstreams: readonly string[] | undefined,
): readonly Finding[] {
  return [
    ...oneName(match, at),
    ...fittingMethod(match, at),
    ...knownUpstream(match, at("upstream"), upstreams ?? []),
  ];
}

function upstreamWithoutDeny(
  { upstream }: MatchConfig,
  path: readonly PropertyKey[],
): readonly Finding[] {
  if (upstream === undefined) return [];
  const message =
    "upstream requires deny: a route to upstreams is chosen before the upstream is known";
  return [{ path, message }];
}

function oneName(match: MatchConfig, at: PathOf): readonly Finding[] {
  const [first, ...others] = naming.filter((key) => match[key] !== undefined);
  return others.map((key) => ({
    path: at(key),
    message: `expected only one of ${first} and ${key}`,
  }));
}

/** A tool, prompt or resource is only addressed by some methods. */
function fittingMethod(match: MatchConfig, at: PathOf): readonly Finding[] {
  if (match.method === undefined) return [];
  const fits = compilePatterns([match.method].flat());
  return (["tool", "prompt", "resource"] as const).flatMap((kind) => {
    if (match[kind] === undefined || canRefer(fits, kind)) return [];
    return [{ path: at("method"), message: `expected a method that addresses a ${kind}` }];
  });
}

function knownUpstream(
  { upstream }: MatchConfig,
  path: readonly PropertyKey[],
  upstreams: readonly string[],
): readonly Finding[] {
  if (upstream === undefined || upstreams.length === 0) return [];
  return [upstream].flat().flatMap((pattern, index) => {
    if (upstreams.some(compilePatterns([pattern]))) return [];
    const hint = didYouMean(pattern, upstreams);
    const message = `expected an upstream, one of ${upstreams.join(", ")}${hint}`;
    return [{ path: Array.isArray(upstream) ? [...path, index] : path, message }];
  });
}
