/** Rules for the conditions of routes and limits: each must be able to hold. */

import { closest, didYouMean } from "lutra/internal";
import type { Method } from "lutra/protocol";
import { knownMethods } from "../subjects/known-methods.ts";
import { compilePatterns } from "../subjects/patterns.ts";
import { canRefer } from "../subjects/reference.ts";
import type { MatchConfig } from "./schema.ts";
import { allConditions, type Finding, type ValidParts } from "./valid-parts.ts";

/** The keys that name an entry. A request has only one name. */
const naming = ["name", "tool", "prompt", "resource"] as const;

/** Returns every condition that can't hold. */
export function checkMatches(parts: ValidParts): readonly Finding[] {
  const ofRoutes = parts.routeLists.flatMap(({ path, routes }) =>
    routes.flatMap((route, index) => {
      if (route?.match === undefined || route.deny !== undefined) return [];
      return upstreamWithoutDeny(route.match, [...path, index, "match", "upstream"]);
    }),
  );
  const ofAll = allConditions(parts).flatMap(({ path, match }) => {
    if (match === undefined) return [];
    return checkMatch(match, (...keys) => [...path, ...keys], parts.upstreams);
  });
  return [...ofRoutes, ...ofAll];
}

type PathOf = (...path: readonly PropertyKey[]) => readonly PropertyKey[];

function checkMatch(
  match: MatchConfig,
  at: PathOf,
  upstreams: readonly string[] | undefined,
): readonly Finding[] {
  return [
    ...oneName(match, at),
    ...misspeltMethods(match, at),
    ...namedMethod(match, at),
    ...oneParam(match, at),
    ...fittingMethod(match, at),
    ...knownUpstream(match, at("upstream"), upstreams ?? []),
  ];
}

/** The methods that the gateway knows. Others are routed as well, by their name. */
const knownNames = knownMethods.map(({ name }) => name);

function methodPatterns({ method = [] }: MatchConfig): readonly string[] {
  return [method].flat();
}

/** A method without a star that is almost a known one is a mistake. */
function misspeltMethods(match: MatchConfig, at: PathOf): readonly Finding[] {
  return methodPatterns(match).flatMap((pattern, index) => {
    const meant = closest(pattern, knownNames);
    if (pattern.includes("*") || meant === undefined || knownNames.includes(pattern)) return [];
    const path = Array.isArray(match.method) ? at("method", index) : at("method");
    return [{ path, message: `expected a method; did you mean "${meant}"?` }];
  });
}

/** Conditions on names and parameters never hold for methods that have none. */
function namedMethod(match: MatchConfig, at: PathOf): readonly Finding[] {
  const patterns = methodPatterns(match);
  if (patterns.length === 0) return [];
  const methods = knownMethods.filter(({ name }) => compilePatterns(patterns)(name));
  if (methods.length === 0) return [];
  const never = (key: "name" | "param", has: (method: Method) => boolean) => {
    if (match[key] === undefined || methods.some(has)) return [];
    return [{ path: at(key), message: `never matches, because no matching method has a ${key}` }];
  };
  return [
    ...never("name", ({ nameField }) => nameField !== undefined),
    ...never("param", ({ paramHeaders }) => paramHeaders),
  ];
}

/** The names of headers have no case, so only one of two spellings would decide. */
function oneParam({ param = {} }: MatchConfig, at: PathOf): readonly Finding[] {
  const names = Object.keys(param);
  return names.flatMap((name, index) => {
    const first = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    if (first === index) return [];
    return [
      { path: at("param", name), message: `expected only one of ${names[first]} and ${name}` },
    ];
  });
}

/** Returns a hint for each pattern of methods that matches no known method. */
export function methodNotes(parts: ValidParts): readonly Finding[] {
  return allConditions(parts).flatMap(({ path, match = {} }) =>
    methodPatterns(match).flatMap((pattern) => {
      if (knownNames.some(compilePatterns([pattern]))) return [];
      const message = `${pattern} matches no method of the protocol or its Tasks extension`;
      return [{ path: [...path, "method"], message }];
    }),
  );
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
