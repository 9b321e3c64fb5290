/** The values of the view "Fleet", as a gateway sends them. Times are in milliseconds since 1970. */
import type { TaskOverview } from "lutra/internal";

/** The load of the last minute. */
export interface Load {
  /** Exchanges that ended, per second. */
  readonly perSecond: number;
  /** Share of the exchanges that failed, from 0 to 1. */
  readonly errorShare: number;
  readonly exchanges: number;
  readonly errors: number;
  /** Percentiles of the duration in milliseconds. Undefined without an exchange. */
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
}

/** The exchanges of one step of a series. */
export interface LoadStep {
  /** The start of the step. */
  readonly at: number;
  readonly exchanges: number;
  readonly errors: number;
  readonly p50?: number | undefined;
  readonly p95?: number | undefined;
}

/** The exchanges of one protocol version. */
export interface EraShare {
  /** A protocol version, `other`, or `none`. */
  readonly version: string;
  /** Exchanges in each step of the series, the oldest first. */
  readonly exchanges: readonly number[];
  readonly total: number;
}

/** The answer of `api/fleet`, and the data of the event `fleet` of `api/fleet/live`. */
export interface FleetOverview {
  readonly name: string;
  /** The version of the gateway. */
  readonly version: string;
  /** The URL of the MCP endpoint. */
  readonly url: string;
  readonly isReady: boolean;
  /** The reason why not all requests can be served. */
  readonly problem?: string | undefined;
  readonly at: number;
  /** Length of a step of the series, in milliseconds. */
  readonly stepMs: number;
  readonly load: Load;
  /** The last 10 minutes, the oldest step first. */
  readonly series: readonly LoadStep[];
  readonly eras: readonly EraShare[];
  /** Exchanges that were refused or aborted since the start, by reason. */
  readonly refusals: { readonly [reason: string]: number };
  /** Number of open subscriptions. */
  readonly subscriptions: number;
  readonly upstreams: readonly UpstreamOverview[];
}

export interface UpstreamOverview {
  readonly name: string;
  readonly kind: "url" | "command" | "module";
  readonly inFlight: number;
  /** Those of them that are subscriptions of the gateway itself. */
  readonly ownSubscriptions: number;
  readonly queued: number;
  /** True if its replicas can be taken out of service. */
  readonly canDrain: boolean;
  /** Undefined until it has answered a request. */
  readonly load?: Load | undefined;
  /** The last 10 minutes, as in the series of the gateway. */
  readonly series?: readonly LoadStep[] | undefined;
  readonly replicas: readonly ReplicaOverview[];
}

export interface ReplicaOverview {
  readonly name: string;
  readonly address?: string | undefined;
  readonly state: "up" | "warming" | "out" | "starting" | "drained";
  readonly inFlight: number;
  readonly ownSubscriptions: number;
  /** Number of consecutive failures. */
  readonly failures: number;
  readonly lastError?: string | undefined;
  readonly pid?: number | undefined;
  /** The revision of MCP that it speaks, once it is known. */
  readonly speaks?: string | undefined;
  readonly load?: Load | undefined;
}

/** The answer of `api/fleet/routes`. */
export interface RouteList {
  /** The routes as written in the configuration. */
  readonly routes: readonly { readonly [member: string]: unknown }[];
  /** The endpoints with names, and their routes. */
  readonly endpoints: readonly EndpointRoutes[];
  readonly limits: readonly LimitOverview[];
  /** Exchanges that were refused or aborted since the start, by reason. */
  readonly refusals: { readonly [reason: string]: number };
}

export interface EndpointRoutes extends Pick<RouteList, "routes"> {
  readonly name: string;
  /** The names in `Host`. Empty for every name that no endpoint lists. */
  readonly hosts: readonly string[];
  readonly path: string;
}

export interface LimitOverview {
  readonly match?: unknown;
  readonly per: readonly string[];
  readonly rate?: { readonly requests: number; readonly perMs: number } | undefined;
  readonly concurrency?: number | undefined;
  /** The use of the limit at this gateway. */
  readonly use?: LimitUse | undefined;
}

/** The requests of the last minute that a limit has admitted and refused, and those in flight. */
export interface LimitUse {
  readonly inFlight: number;
  readonly admitted: number;
  readonly refused: number;
  /** The keys with the most requests, such as callers. */
  readonly busiest: readonly ({ readonly key: string } & Omit<LimitUse, "busiest">)[];
}

/** The answer of `api/fleet/tasks`. */
export interface TaskList {
  /** Up to 200 tasks of each store, those that were scheduled last first. */
  readonly tasks: readonly ShownTask[];
  /** The upstreams whose store the gateway can read. */
  readonly stores: readonly string[];
  /** The reasons why a store could not be read. */
  readonly problems: readonly string[];
}

/** A task without its arguments, answers and result, and without its id, which is a secret. */
export interface ShownTask extends Omit<TaskOverview, "taskId"> {
  readonly upstream: string;
  /** Names the task in this console. */
  readonly key: string;
}

/** The answer of `api/fleet/match`. */
export interface MatchedRoute {
  /** The name of the endpoint. Undefined for the endpoint without a name, and for none. */
  readonly endpoint?: string | undefined;
  /** The index of the route. Undefined when no route matches. */
  readonly route?: number | undefined;
  /** One line for each route up to the matching one, then the outcome. */
  readonly lines: readonly string[];
}

/** The answer of `api/fleet/cache`. */
export interface CacheOverview {
  /** False if the configuration switches the cache off; then all numbers are 0. */
  readonly isOn: boolean;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly entries: number;
  readonly hits: number;
  readonly stale: number;
  readonly misses: number;
  /** Up to 500 responses, the most recently used first. */
  readonly responses: readonly CachedEntry[];
}

export interface CachedEntry {
  /** The name of the upstream, or of the route that merges several. */
  readonly server: string;
  readonly method: string;
  /** The parameters as canonical JSON. */
  readonly params: string;
  /** The callers that may get the response. */
  readonly scope: "public" | "private";
  /** Estimated size, in bytes. */
  readonly bytes: number;
  readonly receivedAt: number;
  /** Number of processes of the gateway that have it. Undefined for a gateway with one process. */
  readonly processes?: number | undefined;
}

/** The answer of `api/fleet/subscriptions`. */
export interface SubscriptionList {
  readonly total: number;
  /** Up to 1,000 subscriptions, the oldest first. */
  readonly subscriptions: readonly OpenSubscription[];
}

export interface OpenSubscription {
  readonly since: number;
  readonly principal?: string | undefined;
  /** The name and the version of the client. */
  readonly client?: string | undefined;
  readonly address: string;
  /** The index of the route. */
  readonly route: number;
  readonly upstream?: string | undefined;
  /** The filter that the client asked for. */
  readonly filter: { readonly [member: string]: unknown };
}
