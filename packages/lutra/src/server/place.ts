/** The places of errors in the log. */
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { readTraceContext, traceIdOf } from "../protocol/trace-context.ts";

/** Returns a place, with the id of the trace that the request carries, if there is one. */
export function placeIn(place: string, { params }: JSONRPCRequest): string {
  const sent = readTraceContext(params?._meta);
  return sent === undefined ? place : `${place} (trace ${traceIdOf(sent.traceparent)})`;
}
