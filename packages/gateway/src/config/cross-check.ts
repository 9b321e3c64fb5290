/** Rules between parts of a configuration, such as references to upstreams. */
import { didYouMean } from "lutra/internal";
import { checkEndpoints } from "./check-endpoints.ts";
import { checkMatches, methodNotes } from "./check-match.ts";
import { checkSettings } from "./check-settings.ts";
import { formatPath } from "./config-error.ts";
import { routeUpstreams } from "./route-upstreams.ts";
import type { MatchConfig, RouteConfig } from "./schema.ts";
import { allConditions, type Finding, type RouteList, type ValidParts } from "./valid-parts.ts";

/** Returns every violation of a rule between parts. */
export function crossCheck(parts: ValidParts, input: unknown): readonly Finding[] {
  const { upstreams: known, routeLists } = parts;
  const findings = routeLists.flatMap((list) => checkRoutes(list, known ?? []));
  const none = { path: ["upstreams"], message: "expected at least one upstream" };
  return [
    ...(known?.length === 0 ? [none] : []),
    ...findings,
    ...checkSettings(input),
    ...checkEndpoints(parts, input),
    ...checkMatches(parts),
    ...routeLists.flatMap(unreachable),
  ];
}

function checkRoutes(list: RouteList, upstreams: readonly string[]): readonly Finding[] {
  return list.routes.flatMap((route, index) => {
    if (route === undefined) return [];
    const at = (...path: readonly PropertyKey[]) => [...list.path, index, ...path];
    return [
      ...namesOf(route).flatMap(({ name, path }) => unknownUpstream(name, at(...path), upstreams)),
      ...checkShares(route, at("to")),
      ...checkMerge(route, at("merge")),
      ...requireMerge(route, "prefix", at("prefix")),
      ...requireMerge(route, "pageSize", at("pageSize")),
      ...checkTasks(route, at("tasks")),
      ...checkRename(route, at("rename")),
      ...checkShadow(route, at("shadow", "upstream"), upstreams),
    ];
  });
}

/** Returns hints about valid settings with surprising effects. */
export function notesOn(parts: ValidParts): readonly Finding[] {
  return [...methodNotes(parts), ...callerNotes(parts)];
}

/** The conditions on callers, which only verified ones meet. */
const callerKeys = ["principal", "scope", "claim"] as const;

function callerNotes(parts: ValidParts): readonly Finding[] {
  const notes = allConditions(parts).flatMap(({ path, match, verifiesCallers }) => {
    const message = "never matches callers whose credentials were not verified";
    return callerKeys.flatMap((key) => {
      if (verifiesCallers || match?.[key] === undefined) return [];
      return [{ path: [...path, key], message }];
    });
  });
  const verifiesAny = parts.routeLists.some(({ verifiesCallers }) => verifiesCallers);
  const shared = parts.limits.flatMap((limit, index) => {
    if (verifiesAny || !limit?.per.includes("principal")) return [];
    const message = "callers whose credentials were not verified are counted by address";
    return [{ path: ["limits", index, "per"], message }];
  });
  return [...notes, ...shared];
}

function namesOf({ to, merge, shadow }: RouteConfig) {
  const names: { readonly name: string; readonly path: readonly PropertyKey[] }[] = [];
  if (typeof to === "string") names.push({ name: to, path: ["to"] });
  if (typeof to === "object") {
    for (const [i, { upstream }] of to.entries()) {
      names.push({ name: upstream, path: ["to", i, "upstream"] });
    }
  }
  if (typeof merge === "object") {
    for (const [i, name] of merge.entries()) names.push({ name, path: ["merge", i] });
  }
  if (shadow !== undefined) names.push({ name: shadow.upstream, path: ["shadow", "upstream"] });
  return names;
}

function unknownUpstream(
  name: string,
  path: readonly PropertyKey[],
  upstreams: readonly string[],
): readonly Finding[] {
  if (upstreams.includes(name) || upstreams.length === 0) return [];
  const hint = didYouMean(name, upstreams);
  return [{ path, message: `expected an upstream, one of ${upstreams.join(", ")}${hint}` }];
}

function checkShares({ to }: RouteConfig, path: readonly PropertyKey[]): readonly Finding[] {
  if (typeof to !== "object") return [];
  const sum = to.reduce((total, { weight }) => total + weight, 0);
  const none = { path, message: "expected at least one weight above 0" };
  const names = to.map(({ upstream }) => upstream);
  return [...(sum === 0 ? [none] : []), ...repeated(names, path, ["upstream"])];
}

function checkMerge({ merge }: RouteConfig, path: readonly PropertyKey[]): readonly Finding[] {
  return typeof merge === "object" ? repeated(merge, path, []) : [];
}

function repeated(
  names: readonly string[],
  path: readonly PropertyKey[],
  tail: readonly PropertyKey[],
): readonly Finding[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return [];
    return [{ path: [...path, index, ...tail], message: "expected each upstream only once" }];
  });
}

function requireMerge(
  route: RouteConfig,
  key: "prefix" | "pageSize",
  path: readonly PropertyKey[],
): readonly Finding[] {
  if (route[key] === undefined || route.merge !== undefined) return [];
  return [{ path, message: `${key} requires merge; remove it` }];
}

function checkRename(route: RouteConfig, path: readonly PropertyKey[]): readonly Finding[] {
  if (route.rename === undefined) return [];
  if (route.deny !== undefined) {
    return [{ path, message: "expected no rename in a route with deny; remove it" }];
  }
  const name = route.match?.name;
  const isExact = typeof name === "string" && !name.includes("*");
  if (isExact) return [];
  return [
    { path, message: "rename requires one exact name in match.name; add it, or remove rename" },
  ];
}

function checkTasks({ tasks, deny }: RouteConfig, path: readonly PropertyKey[]) {
  if (tasks === undefined || deny === undefined) return [];
  return [{ path, message: "expected no tasks in a route with deny; remove it" }];
}

function checkShadow(
  route: RouteConfig,
  path: readonly PropertyKey[],
  upstreams: readonly string[],
): readonly Finding[] {
  if (route.shadow === undefined) return [];
  if (route.deny !== undefined) {
    return [{ path, message: "expected no shadow in a route with deny; remove it" }];
  }
  const own = routeUpstreams(route, upstreams);
  if (!own.includes(route.shadow.upstream)) return [];
  return [{ path, message: "expected an upstream other than the route's own" }];
}

/** Returns a finding for each route whose requests all match an earlier route. */
function unreachable({ path, routes }: RouteList): readonly Finding[] {
  return routes.flatMap((route, index) => {
    if (route === undefined) return [];
    const by = routes.findIndex(
      (earlier, at) => at < index && earlier !== undefined && covers(earlier.match, route.match),
    );
    if (by === -1) return [];
    const message = `never reached because ${formatPath([...path, by])} matches the same requests; move it before that route`;
    return [{ path: [...path, index], message }];
  });
}

const textConditions = [
  "method",
  "upstream",
  "name",
  "tool",
  "prompt",
  "resource",
  "principal",
  "scope",
] as const satisfies readonly (keyof MatchConfig)[];

/**
 * True when every request that matches `narrow` certainly matches `wide`. Compares patterns as
 * text, so it returns false for `a*` and `ab*`.
 */
function covers(wide: MatchConfig = {}, narrow: MatchConfig = {}): boolean {
  const isWider = (a: Patterns, b: Patterns): boolean => {
    if (a === undefined) return true;
    if (b === undefined) return false;
    const all = [a].flat();
    return all.includes("*") || [b].flat().every((pattern) => all.includes(pattern));
  };
  const params = new Map(
    Object.entries(narrow.param ?? {}).map(([name, patterns]) => [name.toLowerCase(), patterns]),
  );
  return (
    textConditions.every((key) => isWider(wide[key], narrow[key])) &&
    Object.entries(wide.claim ?? {}).every(([name, patterns]) =>
      isWider(patterns, narrow.claim?.[name]),
    ) &&
    Object.entries(wide.param ?? {}).every(([name, patterns]) =>
      isWider(patterns, params.get(name.toLowerCase())),
    )
  );
}

type Patterns = string | readonly string[] | undefined;
