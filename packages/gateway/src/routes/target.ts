/** The action of a route to one upstream, also to one of those that share the route's requests. */
import { compose, type Serve } from "lutra/protocol";
import type { RouteConfig } from "../config/schema.ts";
import { unlessAnswered } from "../delivery/kept-answer.ts";
import { recordOf } from "../exchange-record.ts";
import { filterLists, type ShownByKind } from "../subjects/filter-lists.ts";
import { filterSubscriptions, type MaySubscribe } from "../subjects/filter-subscriptions.ts";
import { Subject } from "../subjects/subject.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import {
  type Action,
  type ActionDependencies,
  always,
  type ChooseAction,
  denying,
  type IndexedRoute,
  verifiesItself,
} from "./action.ts";
import { paramAdmission, paramPolicies } from "./admission.ts";
import type { Denial, Denials } from "./denials.ts";
import { identifyAt, type RouteUpstream, subjectOfHead } from "./identify.ts";
import type { RoutingInput } from "./match.ts";
import { compilePass } from "./pass.ts";
import { outerPolicies, taskPolicies } from "./policies.ts";
import { compileReading, type Reading } from "./reading.ts";
import { rename } from "./rename.ts";
import { mayShadow, type ShadowOptions, shadow } from "./shadow.ts";

/** One upstream of a route, with the rules that apply to its requests. */
interface Target {
  readonly at: RouteUpstream;
  readonly upstream: Upstream;
  readonly denials: Denials | undefined;
  /** The entries that its lists keep. */
  readonly shown: ShownByKind;
  readonly verifies: boolean;
  readonly shadowing: ShadowOptions | undefined;
}

export function compileTarget(
  at: RouteUpstream,
  indexed: IndexedRoute,
  dependencies: ActionDependencies,
): ChooseAction {
  const { config } = dependencies;
  const target: Target = {
    at,
    upstream: dependencies.upstream(at.name),
    denials: dependencies.denials.above(indexed.index),
    shown: shownAt(at.name, dependencies),
    verifies: verifiesItself(config.upstreams[at.name]),
    shadowing: shadowOptions(indexed.route, dependencies),
  };
  const reading = compileReading(at.name, indexed, dependencies);
  const serve = {
    kind: "serve",
    serve: serveAt(target, indexed, dependencies),
    splice: compilePass({ ...target, reading }, dependencies),
  } as const;
  const { forward } = target.upstream;
  if (forward === undefined || reading.always.length > 0) return always(serve);
  return forwardUnlessServed(target, reading, { serve, forward, dependencies });
}

/** Returns the entries that no route denies to every caller. */
function shownAt(upstream: string, { denials }: ActionDependencies): ShownByKind {
  return new Map(
    [...denials.toAll].map(([kind, isDenied]) => [
      kind,
      (name: string) => !isDenied(new Subject(upstream, kind, name)),
    ]),
  );
}

function serveAt(target: Target, indexed: IndexedRoute, dependencies: ActionDependencies): Serve {
  const { at, upstream, denials, shown, verifies, shadowing } = target;
  const { route, index } = indexed;
  const { config, methods, cacheName, relay, decidingParams } = dependencies;
  const differs = at.rename !== undefined || shown.size > 0;
  const { trustPublic } = config.upstreams[at.name] ?? {};
  const server = { name: differs ? cacheName(index) : at.name, trustPublic };
  const policies = [
    ...outerPolicies(
      { route, names: [at.name], server, denials, identify: identifyAt(at, methods) },
      dependencies,
    ),
    ...(at.rename === undefined ? [] : [rename(at.rename, methods)]),
    ...(shadowing ? [shadow(shadowing)] : []),
    ...paramPolicies(upstream, verifies, paramAdmission(upstream, methods, decidingParams)),
    ...(shown.size > 0 ? [filterLists(shown)] : []),
    ...(denials ? [filterSubscriptions(subscriptionTest(at, denials), methods)] : []),
    ...taskPolicies(route, [upstream.name], dependencies),
  ];
  return compose(policies, unlessAnswered(relay(upstream)));
}

/** Returns a test for the resources and ids that no denial applies to. */
function subscriptionTest({ name, countedAt }: RouteUpstream, denials: Denials): MaySubscribe {
  return (entry, context) => {
    const record = recordOf(context);
    const subject = new Subject(name, entry.kind, entry.name, countedAt);
    return record === undefined || denials.find({ ...record, subject }) === undefined;
  };
}

interface ServeOrForward {
  readonly serve: Action & { readonly kind: "serve" };
  readonly forward: NonNullable<Upstream["forward"]>;
  readonly dependencies: ActionDependencies;
}

/** Chooses by method, and applies the denials to requests that are forwarded. */
function forwardUnlessServed(
  { at, upstream: { visibility, mustServe, untilKnown, hasToken }, denials, shadowing }: Target,
  reading: Reading,
  { serve, forward, dependencies }: ServeOrForward,
): ChooseAction {
  const known = [...dependencies.methods.values()];
  const served = new Set<string | undefined>(
    known.filter((method) => reading.of(method).length > 0).map(({ name }) => name),
  );
  const alone: Action = { kind: "forward", forward, serve: serve.serve };
  const copied = shadowing && ({ ...alone, shadow: shadowing.upstream.copy } as const);
  return (input) => {
    const { method, name } = input.head;
    if (served.has(method)) return serve;
    if (mustServe?.() === true) return servedOnce(untilKnown?.(), serve);
    if (hasToken?.(input.head, input.caller) === false) return serve;
    const denial = denials && denialByHead(at, input, denials);
    if (denial !== undefined) return denying(denial);
    const error = visibility?.refusal(input.head);
    if (error !== undefined) return { kind: "refuse", error };
    return copied && mayShadow(method, name, shadowing as ShadowOptions) ? copied : alone;
  };
}

/** Serves a request now, or once it is known whether it can be forwarded. */
function servedOnce(known: Promise<void> | undefined, serve: ServeOrForward["serve"]): Action {
  return known === undefined ? serve : { ...serve, known };
}

function denialByHead(
  at: RouteUpstream,
  { head, principal, caller }: RoutingInput,
  denials: Denials,
): Denial | undefined {
  const subject = subjectOfHead(at, { head, principal });
  return subject && denials.find({ head, principal, caller, subject });
}

function shadowOptions(
  route: RouteConfig,
  { upstream, methods }: ActionDependencies,
): ShadowOptions | undefined {
  if (route.shadow === undefined) return undefined;
  const { upstream: name, sideEffects } = route.shadow;
  return { upstream: upstream(name), methods, sideEffects };
}
