/**
 * The record of one exchange, for the access log and the metrics. Each part of the gateway that a
 * request passes fills in its fields. A record holds no arguments, credentials or results.
 */
import type { Principal, RequestContext } from "lutra/protocol";
import type { RecordedMessages } from "./console/recorded-messages.ts";
import type { Share } from "./delivery/response-budget.ts";
import type { ClientFacts } from "./eras/client-facts.ts";
import { type Head, noHead } from "./head/head.ts";
import type { IdentifyingHeaders } from "./head/header-policy.ts";
import type { Subject } from "./subjects/subject.ts";
import type { ExchangeTrace, TimelinePart } from "./tracing/exchange-trace.ts";

export interface ExchangeRecord {
  /** The time of arrival, by `performance.now()`. */
  readonly startedAt: number;
  /** The headers that identify callers on the route. By default, those of a plain policy. */
  identifying?: IdentifyingHeaders | undefined;
  /** The key of the authorization context, once it is computed; null for a caller without one. */
  authorization?: string | null | undefined;
  /** The time from the arrival to the end of the response, in milliseconds; 0 until then. */
  ms: number;
  head: Head;
  /** The id of the caller. */
  principal: string | undefined;
  /** The verified caller, for rules about it. It is not logged. */
  caller?: Principal | undefined;
  /** The facts about the client, if the request was read. */
  client?: ClientFacts | undefined;
  /** The entry that the request addresses. Undefined if it addresses none, and until it is known. */
  subject: Subject | undefined;
  /** The name of the endpoint. Absent for the endpoint without a name, and for none. */
  endpoint?: string | undefined;
  /** The route's index among those of the endpoint; -1 for none. */
  route: number;
  upstream: string | undefined;
  replica: string | undefined;
  /** Number of replicas that were tried. */
  attempts: number;
  /** The JSON-RPC code of an error that the gateway created or read. */
  code: number | undefined;
  /** The outcome of the response cache. `undefined` if it was not used. */
  cache: "hit" | "stale" | "miss" | undefined;
  /** The time from the arrival to the first byte from the upstream, in milliseconds. */
  upstreamMs: number | undefined;
  /** The time from the choice of the last replica to the start of the request, in milliseconds. */
  connectMs?: number | undefined;
  /** The time from the start of the request to the head of the response, in milliseconds. */
  answerMs?: number | undefined;
  /** Number of bytes written to the connection, heads included. */
  bytesOut: number;
  /** The reason why the gateway refused or aborted the exchange, a word such as `limit`. */
  reason: string | undefined;
  /** The digest of the skill whose `SKILL.md` was read, under the rules for skills; or `dynamic`. */
  skill?: string | undefined;
  /** The spans of the exchange. Undefined without tracing, and until the trace is known. */
  trace?: ExchangeTrace | undefined;
  /** The attempts and waits of the exchange. Undefined without the console. */
  timeline?: readonly TimelinePart[] | undefined;
  /** True if the result of a tool that the console has read reports an error. */
  isToolError?: boolean | undefined;
  /** The messages of the exchange, if the console records them. */
  messages?: RecordedMessages | undefined;
  /** The memory of large responses, until the client has taken its own. */
  shares?: readonly Share[] | undefined;
  /** True for a copy, which belongs to no client. */
  isCopy?: boolean | undefined;
}

/** Creates the record of a request whose head is not read yet. */
export function createRecord(): ExchangeRecord {
  return {
    startedAt: performance.now(),
    identifying: undefined,
    authorization: undefined,
    ms: 0,
    head: noHead,
    principal: undefined,
    caller: undefined,
    client: undefined,
    subject: undefined,
    endpoint: undefined,
    route: -1,
    upstream: undefined,
    replica: undefined,
    attempts: 0,
    code: undefined,
    cache: undefined,
    upstreamMs: undefined,
    connectMs: undefined,
    answerMs: undefined,
    bytesOut: 0,
    reason: undefined,
    skill: undefined,
    trace: undefined,
    timeline: undefined,
    isToolError: undefined,
    messages: undefined,
    shares: undefined,
    isCopy: undefined,
  };
}

/** The response header that names the replica. */
export const replicaHeader = "x-lutra-replica";

const key = Symbol("lutra.gateway.exchange");

/** Attaches the record to a context; copies of the context keep it. */
export function recordIn(context: object, record: ExchangeRecord): void {
  (context as { [key]?: ExchangeRecord })[key] = record;
}

/** Returns the record of a context; undefined for requests that the gateway itself sends. */
export function recordOf(context: object): ExchangeRecord | undefined {
  return (context as { [key]?: ExchangeRecord })[key];
}

/**
 * Attaches a copy of another context's record, for a request that the gateway sends on behalf of a
 * client and that may outlive the exchange.
 */
export function copyRecord(from: RequestContext, to: RequestContext): void {
  const record = recordOf(from);
  if (record !== undefined) recordIn(to, { ...record, shares: undefined, isCopy: true });
}
