/**
 * What is noted of one exchange for the access log and the metrics. The parts of the gateway that a
 * request passes fill it in; it holds no arguments, credentials or results.
 */
import type { RequestContext } from "lutra/protocol";
import type { Head } from "./head/head.ts";

export interface ExchangeRecord {
  /** When the request arrived, by `performance.now()`. */
  readonly startedAt: number;
  /** How long it took to the end of its answer, in milliseconds; 0 until then. */
  ms: number;
  head: Head;
  principal: string | undefined;
  /** The route's place in the configuration, from 0; -1 for none. */
  route: number;
  upstream: string | undefined;
  replica: string | undefined;
  /** How many replicas were tried. */
  attempts: number;
  /** The JSON-RPC code of an error that the gateway made or read. */
  code: number | undefined;
  /** What the response cache did; absent where it was not asked. */
  cache: "hit" | "stale" | "miss" | undefined;
  /** From the arrival to the first byte from the upstream, in milliseconds. */
  upstreamMs: number | undefined;
  /** How much went back over the connection, heads included. */
  bytesOut: number;
  /** Why the gateway refused or broke off, in a word such as `limit` or `queue`. */
  reason: string | undefined;
}

/** The response header that says which replica answered. */
export const replicaHeader = "x-lutra-replica";

const key = Symbol("lutra.gateway.exchange");

/** Puts the record where everything that gets the context, or a copy of it, finds it. */
export function recordIn(context: RequestContext, record: ExchangeRecord): void {
  (context as { [key]?: ExchangeRecord })[key] = record;
}

/** The record of the exchange that a context belongs to; absent for requests of the gateway's own. */
export function recordOf(context: RequestContext): ExchangeRecord | undefined {
  return (context as { [key]?: ExchangeRecord })[key];
}
