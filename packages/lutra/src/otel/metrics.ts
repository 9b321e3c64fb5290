/** The metrics of requests and tasks. The number of their series is bounded. */
import type { Attributes, Meter } from "@opentelemetry/api";
import { isProtocolError } from "../protocol/errors.ts";
import type { Middleware, RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import type { ObservedTask, Observer } from "../server/handler/observer.ts";
import { identify, isToolCall, type SpanIdentity, subjectOf, versionOf } from "./attributes.ts";
import { type Failure, failureOf, sentError, toolFailure } from "./failure.ts";
import { type Instruments, instrumentsOf, type Side } from "./instruments.ts";
import { Names } from "./names.ts";

/** The metrics of one client or server. */
export interface Metrics {
  readonly middleware: Middleware;
  /** Returns false while no SDK is registered. */
  readonly isActive: () => boolean;
  readonly task: NonNullable<Observer["task"]>;
}

/** Creates the metrics. They do no work while no SDK is registered. */
export function metricsOf(side: Side, options: { readonly meter?: Meter }): Metrics {
  const current = instrumentsOf(side, options);
  const names = new Names();
  return {
    isActive: () => current() !== undefined,
    middleware: (next) => (request, context) => {
      const instruments = current();
      if (instruments === undefined) return next(request, context);
      return new Measurement({ side, instruments, names, request, context }).answer(next);
    },
    task: ({ tool, status }: ObservedTask) => {
      const attributes = { "gen_ai.tool.name": names.bounded(tool), "lutra.task.status": status };
      current()?.tasks.add(1, attributes);
    },
  };
}

interface MeasurementInit {
  readonly side: Side;
  readonly instruments: Instruments;
  readonly names: Names;
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
}

/** The attributes that name a tool or a prompt. */
const nameKeys = ["gen_ai.tool.name", "gen_ai.prompt.name"] as const;

/** The measurement of one request. */
class Measurement {
  readonly #init: MeasurementInit;
  readonly #identity: SpanIdentity;
  readonly #since = performance.now();
  #isRecorded = false;
  #isSubscribed = false;

  constructor(init: MeasurementInit) {
    const { side, request, context } = init;
    const version = side === "server" ? context.meta?.version : versionOf(request);
    const { method } = request;
    this.#init = init;
    this.#identity = identify({ method, subject: subjectOf(request), version });
  }

  async answer(next: Serve): Promise<Result> {
    const { request, context, side, instruments, names } = this.#init;
    const isLong = this.#identity.method?.longLived === true;
    const counted = { "mcp.method.name": names.bounded(request.method) };
    if (!isLong) instruments.active.add(1, counted);
    try {
      const result = await next(request, isLong ? this.#subscribing(context) : context);
      this.#record(this.#failureIn(result));
      return result;
    } catch (thrown) {
      const error = side === "server" ? sentError(thrown) : thrown;
      this.#record(failureOf(error), isProtocolError(error));
      throw thrown;
    } finally {
      if (!isLong) instruments.active.add(-1, counted);
      if (this.#isSubscribed) instruments.subscriptions.add(-1);
    }
  }

  /** Ends the measurement of a subscription with its acknowledgement, which is sent first. */
  #subscribing(context: RequestContext): RequestContext {
    return {
      ...context,
      notify: (notification) => {
        if (!this.#isSubscribed) this.#init.instruments.subscriptions.add(1);
        this.#isSubscribed = true;
        this.#record(undefined);
        return context.notify(notification);
      },
    };
  }

  #failureIn(result: Result): Failure | undefined {
    const { isError } = result as Result & { readonly isError?: unknown };
    return isError === true && isToolCall(this.#identity.method) ? toolFailure : undefined;
  }

  #record(failure: Failure | undefined, isRefused = false): void {
    if (this.#isRecorded) return;
    this.#isRecorded = true;
    const seconds = (performance.now() - this.#since) / 1000;
    this.#init.instruments.duration.record(seconds, this.#attributes(failure, isRefused));
  }

  /** Leaves out the name of a refused request unless it is known, because it may not exist. */
  #attributes(failure: Failure | undefined, isRefused: boolean): Attributes {
    const { request, context, names } = this.#init;
    const attributes: Attributes = {
      ...this.#identity.attributes,
      "mcp.method.name": names.bounded(request.method),
    };
    // A URI has too many values for an attribute of a metric.
    delete attributes["mcp.resource.uri"];
    for (const key of nameKeys) {
      const name = attributes[key];
      if (typeof name !== "string") continue;
      if (isRefused && !names.has(name)) delete attributes[key];
      else attributes[key] = names.bounded(name);
    }
    if (context.header !== undefined) attributes["network.transport"] = "tcp";
    if (failure !== undefined) attributes["error.type"] = failure.type;
    if (failure?.code !== undefined) attributes["rpc.response.status_code"] = failure.code;
    return attributes;
  }
}
