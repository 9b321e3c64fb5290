/** The action of a route to one upstream, also to one of those that share the route's requests. */
import { compose, type Serve } from "lutra/protocol";
import type { RouteConfig } from "../config/schema.ts";
import { recordOf } from "../exchange-record.ts";
import { filterLists, isFiltered, type ShownByKind } from "../subjects/filter-lists.ts";
import { filterSubscriptions, type MaySubscribe } from "../subjects/filter-subscriptions.ts";
import { refersInBody } from "../subjects/reference.ts";
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
import { type Methods, paramAdmission } from "./admission.ts";
import { compileDenials, type Denial, type Denials } from "./denials.ts";
import { mayBecomeTask } from "./follow-tasks.ts";
import { identifyAt, type RouteUpstream, subjectOfHead } from "./identify.ts";
import type { RoutingInput } from "./match.ts";
import { outerPolicies, taskPolicies } from "./policies.ts";
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
  const { config, limits } = dependencies;
  const target: Target = {
    at,
    upstream: dependencies.upstream(at.name),
    denials: compileDenials(config, indexed.index),
    shown: shownAt(at.name, dependencies),
    verifies: verifiesItself(config.upstreams[at.name]),
    shadowing: shadowOptions(indexed.route, dependencies),
  };
  const { verifies, upstream } = target;
  const serve: Action = { kind: "serve", serve: serveAt(target, indexed, dependencies) };
  const { forward } = upstream;
  if (forward === undefined || !verifies || at.rename !== undefined || limits !== undefined) {
    return always(serve);
  }
  return forwardUnlessServed(target, indexed.route, { serve, forward, dependencies });
}

/** Returns the entries that no route denies to every caller. */
function shownAt(upstream: string, { deniedToAll }: ActionDependencies): ShownByKind {
  return new Map(
    [...deniedToAll].map(([kind, isDenied]) => [
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
    ...outerPolicies({ route, server, denials, identify: identifyAt(at, methods) }, dependencies),
    ...(at.rename === undefined ? [] : [rename(at.rename, methods)]),
    ...(shadowing ? [shadow(shadowing)] : []),
    ...(verifies ? [] : [paramAdmission(upstream, methods, decidingParams)]),
    ...(shown.size > 0 ? [filterLists(shown)] : []),
    ...(denials ? [filterSubscriptions(subscriptionTest(at, denials), methods)] : []),
    ...taskPolicies(route, [upstream.name], dependencies),
  ];
  return compose(policies, relay(upstream));
}

/** Returns a test for the resources that no denial applies to. */
function subscriptionTest({ name, countedAt }: RouteUpstream, denials: Denials): MaySubscribe {
  return (uri, context) => {
    const record = recordOf(context);
    const subject = new Subject(name, "resource", uri, countedAt);
    return record === undefined || denials.find({ ...record, subject }) === undefined;
  };
}

interface ServeOrForward {
  readonly serve: Action;
  readonly forward: NonNullable<Upstream["forward"]>;
  readonly dependencies: ActionDependencies;
}

/** Chooses by method, and applies the denials to requests that are forwarded. */
function forwardUnlessServed(
  { at, upstream: { visibility }, denials, shown, shadowing }: Target,
  route: RouteConfig,
  { serve, forward, dependencies }: ServeOrForward,
): ChooseAction {
  const { methods, caching } = dependencies;
  const isServed = servedMethods(route, {
    methods,
    hasCache: caching !== undefined,
    isReadFor: (method) =>
      isFiltered(method, shown) ||
      (denials !== undefined && refersInBody(method)) ||
      visibility?.reads(method) === true,
  });
  const alone: Action = { kind: "forward", forward };
  const copied = shadowing && ({ ...alone, shadow: shadowing.upstream.copy } as const);
  return (input) => {
    const { method, name } = input.head;
    if (isServed(method)) return serve;
    const denial = denials && denialByHead(at, input, denials);
    if (denial !== undefined) return denying(denial);
    const error = visibility?.refusal(input.head);
    if (error !== undefined) return { kind: "refuse", error };
    return copied && mayShadow(method, name, shadowing as ShadowOptions) ? copied : alone;
  };
}

function denialByHead(
  at: RouteUpstream,
  { head, principal }: RoutingInput,
  denials: Denials,
): Denial | undefined {
  const subject = subjectOfHead(at, { head, principal });
  return subject && denials.find({ head, principal, subject });
}

interface ServedOptions {
  readonly methods: Methods;
  readonly hasCache: boolean;
  /** Returns true for a method whose requests or results the route's rules read. */
  readonly isReadFor: (method: string) => boolean;
}

/** Returns a test for methods whose requests must be read even if the upstream verifies them. */
function servedMethods(
  route: RouteConfig,
  { methods, hasCache, isReadFor }: ServedOptions,
): (method: string | undefined) => boolean {
  const isCached = hasCache && route.cache;
  const isFollowed = route.tasks === "follow";
  const served = new Set<string | undefined>();
  for (const [name, { longLived, cacheable }] of methods) {
    const isTask = isFollowed && mayBecomeTask(name);
    if (longLived || (isCached && cacheable) || isTask || isReadFor(name)) served.add(name);
  }
  return (method) => served.has(method);
}

function shadowOptions(
  route: RouteConfig,
  { upstream, methods }: ActionDependencies,
): ShadowOptions | undefined {
  if (route.shadow === undefined) return undefined;
  const { upstream: name, sideEffects } = route.shadow;
  return { upstream: upstream(name), methods, sideEffects };
}
