/**
 * Spans of exchanges by OpenTelemetry. Only this file imports `@opentelemetry/api`; it is loaded when
 * tracing is on.
 */
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { identify, traceContextOf, withRemoteParent } from "lutra/otel";
import type { TraceContext } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { AttemptTrace, ExchangeTrace } from "./exchange-trace.ts";
import type { StartTrace } from "./start-trace.ts";

/** Creates the function that starts the spans of exchanges. */
export function createStartTrace(tracer: Tracer = trace.getTracer("@lutra/gateway")): StartTrace {
  return (record, sent) => new Exchange(tracer, record, sent);
}

/** The name of the spans of requests whose method is unknown. Clients can send any number of them. */
const unknownMethod = "_OTHER";

class Exchange implements ExchangeTrace {
  readonly #tracer: Tracer;
  readonly #record: ExchangeRecord;
  readonly #span: Span;
  readonly #context: Context;
  readonly #waits = new Map<string, Span>();

  constructor(tracer: Tracer, record: ExchangeRecord, sent: TraceContext | undefined) {
    const parent = sent === undefined ? ROOT_CONTEXT : withRemoteParent(sent);
    const { name, attributes } = identityOf(record);
    const { startedAt: startTime } = record;
    this.#tracer = tracer;
    this.#record = record;
    this.#span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, startTime }, parent);
    this.#context = trace.setSpan(parent, this.#span);
  }

  get traceId(): string | undefined {
    const own = this.#span.spanContext();
    return isSpanContextValid(own) ? own.traceId : undefined;
  }

  attempt(upstream: string, replica: string): AttemptTrace {
    const { name, attributes } = identityOf(this.#record);
    const span = this.#tracer.startSpan(
      name,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...attributes,
          "lutra.gateway.upstream": upstream,
          "lutra.gateway.replica": replica,
        },
      },
      this.#context,
    );
    return {
      carried: spanOnly(traceContextOf(trace.setSpan(this.#context, span))),
      end: (failure) => {
        if (failure !== undefined) fail(span, failure);
        if (span.isRecording()) span.end();
      },
    };
  }

  wait(policy: string): void {
    const attributes = { "lutra.gateway.policy": policy };
    this.#waits.set(
      policy,
      this.#tracer.startSpan(`wait ${policy}`, { attributes }, this.#context),
    );
  }

  waited(policy: string): void {
    this.#waits.get(policy)?.end();
    this.#waits.delete(policy);
  }

  end(status: number): void {
    const span = this.#span;
    const record = this.#record;
    const { name, attributes } = identityOf(record);
    for (const policy of [...this.#waits.keys()]) this.waited(policy);
    span.updateName(name);
    span.setAttributes({ ...attributes, ...outcomeOf(record, status) });
    const failure = failureOf(record, status);
    if (failure !== undefined) fail(span, failure);
    span.end();
  }
}

/** Returns the name and the attributes of a span, as far as the head of the request is known. */
function identityOf({ head, code }: ExchangeRecord) {
  if (head.method === undefined) return { name: unknownMethod, attributes: {} };
  const named = { method: head.method, subject: head.name, version: head.version };
  const identity = identify(named);
  if (identity.method !== undefined && code === undefined) return identity;
  // The name in a refused request may be any text of the client.
  const name = identity.method?.name ?? unknownMethod;
  const attributes = { ...identity.attributes };
  if (identity.method === undefined) attributes["mcp.method.name"] = unknownMethod;
  return { name, attributes };
}

function outcomeOf(record: ExchangeRecord, status: number) {
  const { route, upstream, replica, attempts, cache, code, reason } = record;
  return {
    "http.response.status_code": status,
    ...(route >= 0 && { "lutra.gateway.route": route }),
    ...(upstream !== undefined && { "lutra.gateway.upstream": upstream }),
    ...(replica !== undefined && { "lutra.gateway.replica": replica }),
    ...(attempts > 0 && { "lutra.gateway.attempts": attempts }),
    ...(cache !== undefined && { "lutra.gateway.cache": cache }),
    ...(reason !== undefined && { "lutra.gateway.reason": reason }),
    ...(code !== undefined && { "rpc.response.status_code": String(code) }),
  };
}

/** Returns the type of an exchange's failure: the JSON-RPC code, the reason, or the HTTP status. */
function failureOf({ code, reason }: ExchangeRecord, status: number): string | undefined {
  if (code !== undefined) return String(code);
  return reason ?? (status >= 400 ? String(status) : undefined);
}

function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

/** Leaves out the baggage, which the upstream receives as the client has sent it. */
function spanOnly(carried: TraceContext | undefined): TraceContext | undefined {
  if (carried === undefined) return undefined;
  const { traceparent, tracestate } = carried;
  return tracestate === undefined ? { traceparent } : { traceparent, tracestate };
}
