/**
 * Trace context in messages, by the propagators that the application has configured.
 *
 * @spec basic/index#meta
 */
import {
  type Context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { readTraceContext, type TraceContext } from "../protocol/trace-context.ts";

/** Returns the members that carry a context; undefined if no propagator writes a `traceparent`. */
export function traceContextOf(context: Context): TraceContext | undefined {
  const carrier: Record<string, unknown> = {};
  propagation.inject(context, carrier);
  return readTraceContext(carrier);
}

/** Returns `base` with the remote span and the baggage of a message. */
export function withRemoteParent(sent: TraceContext, base: Context = ROOT_CONTEXT): Context {
  return propagation.extract(base, sent);
}

/** Returns the span that a valid `traceparent` names, for a link. */
export function remoteSpan(traceparent: string): SpanContext | undefined {
  return trace.getSpanContext(withRemoteParent({ traceparent }));
}

/** Returns the valid trace context in the `_meta` of a request. */
export function carriedBy(request: JSONRPCRequest): TraceContext | undefined {
  return readTraceContext(request.params?._meta);
}
