/** Compiles the actions of routes. */
import { compose } from "lutra/protocol";
import {
  type ActionDependencies,
  always,
  type ChooseAction,
  denying,
  type IndexedRoute,
  mergedNames,
} from "./action.ts";
import { outerPolicies, taskPolicies } from "./policies.ts";
import { createShares } from "./shares.ts";
import { compileSplice } from "./splice.ts";
import { compileTarget } from "./target.ts";

/** Compiles the action of a route. */
export function compileAction(
  indexed: IndexedRoute,
  dependencies: ActionDependencies,
): ChooseAction {
  const { route } = indexed;
  if (route.deny !== undefined) {
    const denial = { index: indexed.index, reason: route.deny };
    return () => denying(denial);
  }
  if (route.merge !== undefined) return compileMerge(indexed, dependencies);
  const targets = [route.to ?? []].flat().map((to) => {
    return typeof to === "string" ? { upstream: to, weight: 1 } : to;
  });
  const countedAt = targets[0]?.upstream ?? "";
  const shares = targets.map(({ upstream: name, weight }) => {
    const at = { name, countedAt, rename: route.rename };
    return { weight, to: compileTarget(at, indexed, dependencies) };
  });
  const next = createShares(shares);
  return (input) => next()(input);
}

function compileMerge(indexed: IndexedRoute, dependencies: ActionDependencies): ChooseAction {
  const { route, index } = indexed;
  const { config, cacheName, merge } = dependencies;
  const names = mergedNames(route, config);
  const trustPublic = commonTrust(names.map((name) => config.upstreams[name]?.trustPublic));
  const server = { name: cacheName(index), trustPublic };
  const denials = dependencies.denials.above(index);
  const merged = merge(names, indexed, denials);
  const policies = [
    ...outerPolicies({ route, names, server, denials, identify: merged.identify }, dependencies),
    ...taskPolicies(route, names, dependencies),
  ];
  const splice = compileSplice({ names, indexed, denials, merged }, dependencies);
  return always({ kind: "serve", serve: compose(policies, merged.serve), splice });
}

/** Combines `trustPublic`: false if any is false, undefined if any is unset, else true. */
function commonTrust(each: readonly (boolean | undefined)[]): boolean | undefined {
  if (each.includes(false)) return false;
  return each.includes(undefined) ? undefined : true;
}
