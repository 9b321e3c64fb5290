/** The actions for requests: refuse, forward unread, or read and serve. */
import type { ReadHeader } from "lutra/internal";
import type { Middleware, Principal, ProtocolError, Serve } from "lutra/protocol";
import type { ResponseCaching } from "../cache/response-caching.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Forward } from "../delivery/deliver-stream.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { Target } from "../merge/find-upstream.ts";
import type { Merge } from "../merge/merge.ts";
import { denied } from "../refuse.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Methods } from "./admission.ts";
import type { CompiledDenials, Denial, Denials } from "./denials.ts";
import type { RoutingInput } from "./match.ts";
import type { DecidingParams } from "./param-rules.ts";

export type Action =
  | {
      readonly kind: "refuse";
      readonly error: ProtocolError;
      /** The denial that applies; undefined for an entry that the upstream does not offer. */
      readonly denial?: Denial;
    }
  | {
      readonly kind: "forward";
      readonly forward: NonNullable<Upstream["forward"]>;
      /** Serves the request if it was read, as those of legacy clients are. */
      readonly serve: Serve;
      readonly shadow?: Forward["shadow"];
    }
  | {
      readonly kind: "serve";
      readonly serve: Serve;
      /** Resolves when it is known whether the request can be forwarded instead. */
      readonly known?: Promise<void> | undefined;
      /** Returns the way to forward a request with another name, if it need not be parsed. */
      readonly splice?: FindSplice | undefined;
    };

/** A request of which the head was read. */
interface SpliceInput {
  readonly record: ExchangeRecord;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
}

/** The way of a request to its upstream. */
export interface Splice {
  /** The target in a merged server. Undefined for the only upstream of a route. */
  readonly target?: Target | undefined;
  readonly send: NonNullable<Upstream["splice"]>;
}

export type FindSplice = (input: SpliceInput) => Splice | undefined;

/** Chooses the action for a request by its head and its caller. */
export type ChooseAction = (input: RoutingInput) => Action;

/** A route with its index in the configuration. */
export interface IndexedRoute {
  readonly route: RouteConfig;
  readonly index: number;
}

/** Several upstreams as one server. */
type MergedServer = Pick<Merge, "serve" | "identify" | "targetOf">;

/** The parts of the gateway that actions use. */
export interface ActionDependencies {
  readonly config: CompleteConfig;
  readonly methods: Methods;
  readonly upstream: (name: string) => Upstream;
  /** Returns several upstreams as one server. */
  readonly merge: (
    names: readonly string[],
    route: IndexedRoute,
    denials: Denials | undefined,
  ) => MergedServer;
  /** Returns the `serve` of one upstream, with subscriptions that outlive its replicas. */
  readonly relay: (upstream: Upstream) => Serve;
  /** The response cache; undefined if it is turned off. */
  readonly caching: ResponseCaching["middleware"] | undefined;
  /** Returns the cache name for a route whose responses differ from those of the upstream. */
  readonly cacheName: (index: number) => string;
  /** The limits; undefined if there are none. */
  readonly limits: Middleware | undefined;
  /** The guard; undefined if there is none. */
  readonly guard: Middleware | undefined;
  /** The `Mcp-Param-*` headers that rules depend on; undefined if no rule does. */
  readonly decidingParams: DecidingParams | undefined;
  /** The denials of all routes. */
  readonly denials: CompiledDenials;
}

export function always(action: Action): ChooseAction {
  return () => action;
}

/** Returns the action of a denial. */
export function denying(denial: Denial): Action {
  return { kind: "refuse", error: denied(denial.reason), denial };
}

/** Returns the upstreams that a route merges, in their order. */
export function mergedNames({ merge }: RouteConfig, config: Config): readonly string[] {
  return merge === "all" ? Object.keys(config.upstreams) : (merge ?? []);
}

/**
 * Returns true when the upstream compares headers with bodies itself, so that the gateway need not
 * read the bodies.
 */
export function verifiesItself(config: Config["upstreams"][string] | undefined): boolean {
  return (config?.verify ?? (config?.module === undefined ? "gateway" : "upstream")) === "upstream";
}
