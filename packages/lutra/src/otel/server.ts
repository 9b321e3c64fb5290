/** The spans and metrics of a server. */
import {
  type Context,
  context as contexts,
  type Link,
  ROOT_CONTEXT,
  SpanKind,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Middleware, RequestContext } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import {
  readTraceContext,
  type TraceContext,
  traceIdOf,
  withTraceContext,
} from "../protocol/trace-context.ts";
import type { ObservedRound, Observer } from "../server/handler/observer.ts";
import { identifyRound, stepName } from "./attributes.ts";
import { carriedBy, remoteSpan, traceContextOf, withRemoteParent } from "./carrier.ts";
import { inSpan } from "./in-span.ts";
import { metricsOf } from "./metrics.ts";
import {
  isTraced,
  type Relations,
  RequestSpan,
  type TracingOptions,
  tracerOf,
} from "./request-span.ts";

/**
 * Creates an observer that records a span for each request, for each execution of a tool's handler and
 * for each step. The span of a request continues the trace in its `_meta`. Rounds are linked to the
 * first request of their exchange. Attempts at a task are children of the request that created it.
 * Metrics count requests, their durations and errors, subscriptions, and tasks by their status.
 *
 * @throws {TypeError} for an unknown option
 * @example
 * ```ts
 * export default createServer({ name: "x", version: "1.0.0", observer: traceServer() });
 * ```
 */
export function traceServer(options: TracingOptions = {}): Required<Observer> {
  const tracer = tracerOf(options, "traceServer");
  const spans = requestSpans(tracer, options);
  const metrics = metricsOf("server", options);
  return {
    isActive: () => isTraced(options) || metrics.isActive(),
    middleware: (next) => metrics.middleware(spans(next)),
    task: metrics.task,
    round: (round, run) => {
      if (!isTraced(options)) return run();
      const { request, isDetached, firstTrace } = round;
      if (firstTrace !== undefined && !isDetached) linkToFirst(firstTrace);
      const identity = identifyRound(request);
      if (identity === undefined) return run();
      const { name, attributes } = identity;
      return inSpan(tracer, { name, attributes, parent: parentOf(round) }, run);
    },
    step: (name, run) => {
      if (!isTraced(options)) return run();
      const attributes = { "lutra.step.name": name };
      return inSpan(tracer, { name: stepName(name), attributes, parent: contexts.active() }, run);
    },
  };
}

function requestSpans(tracer: Tracer, options: TracingOptions): Middleware {
  return (next) => (request, context) => {
    if (!isTraced(options)) return next(request, context);
    const version = context.meta?.version;
    const relations = relationsOf(request, context);
    const init = { request, kind: SpanKind.SERVER as const, version, ...relations };
    const started = new RequestSpan(tracer, options, init);
    if (context.header !== undefined) started.span.setAttribute("network.transport", "tcp");
    const own = traceContextOf(started.context);
    // Tasks and request state keep the request, and thereby the span that later ones are linked to.
    return started.answer(
      next,
      own === undefined ? request : withTraceContext(request, own),
      context,
    );
  };
}

/**
 * Returns the parent of a request's span: the span in `_meta`, or that in the headers if an
 * intermediary has continued the same trace there. The active span, for example of an HTTP server, is
 * linked, and is the parent of a request without a trace.
 */
function relationsOf(request: JSONRPCRequest, context: RequestContext): Relations {
  const active = contexts.active();
  const sent = nearest(carriedBy(request), carriedByHeaders(context));
  if (sent === undefined) return { parent: active, links: [] };
  const parent = withRemoteParent(sent);
  const ambient = trace.getSpanContext(active);
  const isParent = ambient?.spanId === trace.getSpanContext(parent)?.spanId;
  return { parent, links: ambient === undefined || isParent ? [] : [{ context: ambient }] };
}

function nearest(
  inMeta: TraceContext | undefined,
  inHeaders: TraceContext | undefined,
): TraceContext | undefined {
  if (inMeta === undefined || inHeaders === undefined) return inMeta ?? inHeaders;
  const isSame = traceIdOf(inMeta.traceparent) === traceIdOf(inHeaders.traceparent);
  return isSame ? inHeaders : inMeta;
}

function carriedByHeaders({ header }: RequestContext): TraceContext | undefined {
  const traceparent = header?.("traceparent");
  if (header === undefined || traceparent === undefined) return undefined;
  const others = { tracestate: header("tracestate"), baggage: header("baggage") };
  return readTraceContext({ traceparent, ...others });
}

/** Returns the parent of a round: its request, or the request that created its task. */
function parentOf({ request, isDetached }: ObservedRound): Context {
  if (!isDetached) return contexts.active();
  const sent = carriedBy(request);
  return sent === undefined ? ROOT_CONTEXT : withRemoteParent(sent);
}

function linkToFirst(traceparent: string): void {
  const context = remoteSpan(traceparent);
  const link: Link | undefined = context && { context };
  if (link !== undefined) trace.getActiveSpan()?.addLink(link);
}
