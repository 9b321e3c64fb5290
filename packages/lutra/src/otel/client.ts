/** The spans and metrics of a client. */
import {
  type Context,
  context as contexts,
  isSpanContextValid,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { withTraceContext } from "../protocol/trace-context.ts";
import { versionOf } from "./attributes.ts";
import { carriedBy, traceContextOf, withRemoteParent } from "./carrier.ts";
import { metricsOf } from "./metrics.ts";
import {
  isTraced,
  type Relations,
  RequestSpan,
  type TracingOptions,
  tracerOf,
} from "./request-span.ts";

/**
 * Creates middleware that records a span for each request that a client sends, and sends its context
 * in `_meta` and in HTTP headers. All requests of one call are in one trace, and are linked to its
 * first request. Metrics count requests, their durations and errors, and subscriptions.
 *
 * @throws {TypeError} for an unknown option
 * @example
 * ```ts
 * const client = createClient("https://example.com/mcp", { middleware: [traceClient()] });
 * ```
 */
export function traceClient(options: TracingOptions = {}): Middleware {
  const spans = requestSpans(tracerOf(options, "traceClient"), options);
  const { middleware } = metricsOf("client", options);
  return (next) => middleware(spans(next));
}

function requestSpans(tracer: Tracer, options: TracingOptions): Middleware {
  /** The first span of each call that is in progress. */
  const firsts = new WeakMap<object, SpanContext>();
  return (next) => (request, context) => {
    if (!isTraced(options)) return next(request, context);
    const { call } = context;
    const relations = relationsOf(request, call && firsts.get(call));
    const kind = SpanKind.CLIENT as const;
    const init = { request, kind, version: versionOf(request), ...relations };
    const started = new RequestSpan(tracer, options, init);
    const own = started.span.spanContext();
    if (call !== undefined && !firsts.has(call) && isSpanContextValid(own)) firsts.set(call, own);
    const carried = traceContextOf(started.context);
    if (carried === undefined) return started.answer(next, request, context);
    const addHeaders = { ...context.addHeaders, ...carried };
    return started.answer(next, withTraceContext(request, carried), { ...context, addHeaders });
  };
}

/**
 * Returns the parent of a request's span, and a link to the first span of its call. The parent is the
 * active span, the span in the request's own `_meta`, or the first span of the call.
 */
function relationsOf(request: JSONRPCRequest, first: SpanContext | undefined): Relations {
  const links = first === undefined ? [] : [{ context: first }];
  return { parent: parentOf(request, first), links };
}

function parentOf(request: JSONRPCRequest, first: SpanContext | undefined): Context {
  const active = contexts.active();
  if (trace.getSpan(active) !== undefined) return active;
  const sent = carriedBy(request);
  if (sent !== undefined) return withRemoteParent(sent, active);
  return first === undefined ? active : trace.setSpanContext(ROOT_CONTEXT, first);
}
