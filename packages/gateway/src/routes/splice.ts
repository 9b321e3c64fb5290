/**
 * The requests to a merged server that are forwarded with their name replaced, and otherwise unparsed:
 * those that a route to their upstream alone would forward unread.
 */
import { recordIn } from "../exchange-record.ts";
import { HeaderPolicy } from "../head/header-policy.ts";
import type { Merge } from "../merge/merge.ts";
import type { ActionDependencies, FindSplice, IndexedRoute } from "./action.ts";
import type { Denials } from "./denials.ts";
import { compileReading } from "./reading.ts";

interface SplicedRoute {
  /** The names of the merged upstreams. */
  readonly names: readonly string[];
  readonly indexed: IndexedRoute;
  readonly denials: Denials | undefined;
  readonly merged: Pick<Merge, "targetOf">;
}

/** Compiles the choice. Undefined if all requests of the route must be parsed. */
export function compileSplice(
  { names, indexed, denials, merged }: SplicedRoute,
  dependencies: ActionDependencies,
): FindSplice | undefined {
  const { config } = dependencies;
  const policies = names.map((name) => new HeaderPolicy(config.upstreams[name]?.headers));
  // The headers that identify callers depend on all policies.
  if (!policies.every(({ isPlain }) => isPlain)) return undefined;
  const forwarded = new Map(
    names.map((name) => [name, forwardedMethods(name, indexed, dependencies)]),
  );
  if ([...forwarded.values()].every(({ size }) => size === 0)) return undefined;
  return ({ record, header, principal }) => {
    const { head, caller } = record;
    const from = { header, principal };
    recordIn(from, record);
    const target = merged.targetOf(head, from);
    if (target === undefined || head.method === undefined) return undefined;
    const { upstream, subject, original } = target;
    const { splice: send, visibility, mustServe } = upstream;
    if (send === undefined || mustServe?.() === true) return undefined;
    if (forwarded.get(upstream.name)?.has(head.method) !== true) return undefined;
    // A refusal needs the id of the request, so the request is parsed.
    const denial = denials?.find({ head, principal: record.principal, caller, subject });
    const refusal = visibility?.refusal({ method: head.method, name: original });
    return denial === undefined && refusal === undefined ? { target, send } : undefined;
  };
}

/** Returns the methods whose requests a route to the upstream alone would forward unread. */
function forwardedMethods(
  upstream: string,
  indexed: IndexedRoute,
  dependencies: ActionDependencies,
): ReadonlySet<string> {
  const reading = compileReading(upstream, indexed, dependencies);
  const methods = reading.always.length > 0 ? [] : [...dependencies.methods.values()];
  const unread = methods.filter((method) => reading.of(method).length === 0);
  return new Set(unread.map(({ name }) => name));
}
