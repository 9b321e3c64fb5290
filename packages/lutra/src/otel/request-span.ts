/** The span of a request: its start, and its end with the outcome. */
import {
  type Context,
  context as contexts,
  type Link,
  type Meter,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { isProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { requireKnownMembers } from "../protocol/known-members.ts";
import { contentOf, identify, isToolCall, type SpanIdentity, subjectOf } from "./attributes.ts";
import { type Failure, failureOf, sentError, toolFailure } from "./failure.ts";

/** Options of `traceClient` and `traceServer`. */
export interface TracingOptions {
  /**
   * True to record the arguments of tool calls, as `gen_ai.tool.call.arguments`. They may contain
   * secrets. @default false
   */
  readonly recordArguments?: boolean;
  /**
   * True to record the results of tool calls, as `gen_ai.tool.call.result`. They may contain secrets.
   * @default false
   */
  readonly recordResults?: boolean;
  /** The source of spans. @default the one that the SDK has registered */
  readonly tracer?: Tracer;
  /** The source of metrics. @default the one that the SDK has registered */
  readonly meter?: Meter;
}

/** The parent and the links of a span. */
export interface Relations {
  readonly parent: Context;
  readonly links: readonly Link[];
}

/**
 * Returns the tracer for a function of this entry point. Spans are recorded once an SDK is registered.
 *
 * @throws {TypeError} for an unknown option
 */
export function tracerOf(options: TracingOptions, where: string): Tracer {
  requireKnownMembers(options, ["recordArguments", "recordResults", "tracer", "meter"], where);
  return options.tracer ?? trace.getTracer("lutra");
}

/** The provider of an application without an SDK. */
const noProvider = new ProxyTracerProvider().getDelegate();

/** Returns false while no span can be recorded, because no SDK is registered. */
export function isTraced({ tracer }: TracingOptions): boolean {
  if (tracer !== undefined) return true;
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== noProvider;
}

export interface RequestSpanInit extends Relations {
  readonly request: JSONRPCRequest;
  readonly kind: SpanKind.CLIENT | SpanKind.SERVER;
  readonly version: unknown;
}

/** The span of one request. */
export class RequestSpan {
  readonly span: Span;
  readonly context: Context;
  readonly #options: TracingOptions;
  readonly #identity: SpanIdentity;
  readonly #isServer: boolean;

  constructor(tracer: Tracer, options: TracingOptions, init: RequestSpanInit) {
    const { request, kind, version, parent, links } = init;
    const named = { method: request.method, subject: subjectOf(request), version };
    const identity = identify(named);
    const { name, attributes, method } = identity;
    attributes["jsonrpc.request.id"] = String(request.id);
    if (options.recordArguments && isToolCall(method)) {
      attributes["gen_ai.tool.call.arguments"] = contentOf(request.params?.arguments ?? {});
    }
    this.span = tracer.startSpan(name, { kind, attributes, links: [...links] }, parent);
    this.context = trace.setSpan(parent, this.span);
    this.#options = options;
    this.#identity = identity;
    this.#isServer = kind === SpanKind.SERVER;
  }

  /** Answers a request within the span, and ends the span with the outcome. */
  async answer(next: Serve, request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { method } = this.#identity;
    // The span of a subscription ends with its acknowledgement, because it is exported at its end.
    const own = method?.longLived ? this.#endingEarly(context) : context;
    try {
      const result = await contexts.with(this.context, () => next(request, own));
      this.#recordResult(result);
      return result;
    } catch (thrown) {
      this.#recordError(thrown);
      throw thrown;
    } finally {
      this.#end();
    }
  }

  #endingEarly(context: RequestContext): RequestContext {
    return {
      ...context,
      notify: (notification) => {
        this.#end();
        return context.notify(notification);
      },
    };
  }

  #end(): void {
    if (this.span.isRecording()) this.span.end();
  }

  #recordResult(result: Result): void {
    const { span } = this;
    const { resultType = "complete", isError } = result as Result & { readonly isError?: unknown };
    if (resultType !== "complete") span.setAttribute("lutra.result.type", resultType);
    if (!isToolCall(this.#identity.method)) return;
    if (isError === true) recordFailure(span, toolFailure);
    if (this.#options.recordResults) {
      span.setAttribute("gen_ai.tool.call.result", contentOf(result));
    }
  }

  /** Records an error as the peer receives it: a server masks unknown ones. */
  #recordError(thrown: unknown): void {
    const error = this.#isServer ? sentError(thrown) : thrown;
    const { method, name } = this.#identity;
    // The name comes from the client, which can send any number of unknown ones.
    if (this.#isServer && isProtocolError(error) && method && name !== method.name) {
      this.span.updateName(method.name);
    }
    recordError(this.span, error);
  }
}

/** Records the kind of an error, without a message that may contain arguments. */
export function recordError(span: Span, thrown: unknown): void {
  recordFailure(span, failureOf(thrown));
}

function recordFailure(span: Span, { type, code, message }: Failure): void {
  if (code !== undefined) span.setAttribute("rpc.response.status_code", code);
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
}
