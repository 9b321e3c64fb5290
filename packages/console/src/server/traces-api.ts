/** The values of the view "Traces", as a gateway sends them. Durations are in milliseconds. */

/** An exchange that has ended. It contains no credentials. */
export interface RecentExchange {
  /** The number of the exchange since the start of the gateway, from 1. */
  readonly id: number;
  /** The time of arrival, in milliseconds since 1970. */
  readonly at: number;
  readonly method?: string | undefined;
  readonly name?: string | undefined;
  readonly principal?: string | undefined;
  /** The name and the version of the client, if the request was read. */
  readonly client?: string | undefined;
  /** A protocol version, `other`, or `none`. */
  readonly era: string;
  /** The name of the endpoint. Absent for the endpoint without a name, and for none. */
  readonly endpoint?: string | undefined;
  /** The index of the route among those of the endpoint; -1 for none. */
  readonly route: number;
  readonly upstream?: string | undefined;
  readonly replica?: string | undefined;
  /** Number of replicas that were tried. */
  readonly attempts: number;
  /** The HTTP status; 0 if no response was sent. */
  readonly status: number;
  /** The JSON-RPC code of an error that the gateway created or read. */
  readonly code?: number | undefined;
  /** The reason why the gateway refused or aborted the exchange. */
  readonly reason?: string | undefined;
  readonly cache?: "hit" | "stale" | "miss" | undefined;
  /** True if the exchange failed: by its status, its code, or its end. */
  readonly isError: boolean;
  /** True if the tool reports an error. Undefined if the gateway has not read the result. */
  readonly isToolError?: boolean | undefined;
  /** Time from the arrival to the end of the response. */
  readonly ms: number;
  /** Time in the queue of the upstream. */
  readonly queueMs?: number | undefined;
  /** Time from the choice of the last replica to the start of the request. */
  readonly connectMs?: number | undefined;
  /** Time from the start of the request to the head of the response. */
  readonly answerMs?: number | undefined;
  /** Time from the arrival to the first byte from the upstream. */
  readonly firstByteMs?: number | undefined;
  readonly bytesOut: number;
  readonly traceId?: string | undefined;
  readonly timeline: readonly TimelinePart[];
  /** The messages. Absent if they are not recorded. */
  readonly messages?: readonly RecordedMessage[] | undefined;
}

/** An attempt or a wait. Times are since the arrival of the request. */
export interface TimelinePart {
  readonly kind: "attempt" | "wait";
  /** The upstream of an attempt; the policy of a wait, such as `queue`. */
  readonly name: string;
  readonly replica?: string | undefined;
  readonly startMs: number;
  readonly endMs?: number | undefined;
  /** The reason of a failure, such as `unreachable`. */
  readonly failure?: string | undefined;
}

export interface RecordedMessage {
  readonly kind: "request" | "notification" | "result" | "error";
  /** Time since the arrival of the request. */
  readonly atMs: number;
  /** The message as JSON without its secrets. */
  readonly text: string;
}

/** An exchange without its messages. */
export type ListedExchange = Omit<RecentExchange, "messages"> & {
  /** Number of recorded messages; absent if they are not recorded. */
  readonly messageCount?: number | undefined;
};

/** The answer of `api/traces`, and the data of the event `exchanges` of `api/traces/live`. */
export interface ExchangePage {
  /** The oldest first. */
  readonly exchanges: readonly ListedExchange[];
  /** Number of exchanges before the first one that are no longer kept. */
  readonly missed: number;
  /** True if further exchanges follow. */
  readonly hasMore: boolean;
}

/** The answer of `api/traces/exchange`. */
export interface ExchangeDetail {
  readonly exchange: RecentExchange;
  /** All kept exchanges with the same trace id, the oldest first; this one is included. */
  readonly trace: readonly ListedExchange[];
}

/** The data of the event `settings` of `api/traces/live`. */
export interface TraceSettings {
  /** Number of exchanges that are kept. */
  readonly exchanges: number;
  /** `masked` replaces arguments and results with their types; `all` masks only secrets. */
  readonly messages: "none" | "masked" | "all";
}
