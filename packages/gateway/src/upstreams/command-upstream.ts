/**
 * An upstream that speaks over stdio: one process with many requests in flight, started when it is
 * first needed and again when it has died.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import { createStdioTransport, type StdioTransport } from "lutra/node";
import {
  discover,
  isProtocolError,
  isTransportError,
  type JSONRPCRequest,
  type Method,
  type RequestContext,
  type Result,
} from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import { Deadlines } from "../delivery/deadlines.ts";
import { abortError, enterGate } from "../delivery/enter-gate.ts";
import { Gate } from "../delivery/gate.ts";
import { createMethodRules } from "../delivery/method-rules.ts";
import { nameFieldsOf, nameOf } from "../delivery/name-fields.ts";
import { createRefusals, type Refusals } from "../delivery/refusals.ts";
import { limitsOf, shortestOf, timeoutError, timeoutReason } from "../delivery/time-limits.ts";
import { TimedExchange } from "../delivery/timed-exchange.ts";
import type { UpstreamError } from "../delivery/upstream-error.ts";
import { recordOf } from "../exchange-record.ts";
import { causeOf } from "../replicas/cause.ts";
import { type Clock, systemClock } from "../replicas/clock.ts";
import { ownMeta } from "../replicas/own-meta.ts";
import type { ReplicaStatus } from "../replicas/replica.ts";
import { createCatalogue } from "./catalogue.ts";
import { createEnding } from "./ending.ts";
import type { Upstream } from "./upstream.ts";

export interface CommandUpstreamOptions {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods?: readonly Method[];
  /** @default the real time */
  readonly clock?: Clock;
}

type CommandConfig = UpstreamConfig & { readonly command: readonly string[] };

/** Starts nothing before the first request. */
export function createCommandUpstream(
  name: string,
  config: CommandConfig,
  options: CommandUpstreamOptions = {},
): Upstream {
  const { clock = systemClock, methods } = options;
  const command = new CommandServer(name, config, clock);
  const { refusals, gate } = command;
  const ending = createEnding(() => command.inFlight, clock);
  const nameFields = nameFieldsOf(methods);
  const rules = createMethodRules({
    methods,
    tool: config.retries.trustAnnotations ? (tool) => catalogue.tool(tool) : undefined,
  });

  async function serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const record = recordOf(context);
    if (record !== undefined) record.upstream = name;
    if (ending.hasBegun) throw refusals.notReady();
    if (context.signal.aborted) throw abortError(context.signal);
    const isLongLived = rules.isLongLived(request.method);
    if (!isLongLived) await enterGate({ gate, ...refusals }, context.signal, record);
    const isRepeatable = rules.isRepeatable(request.method, nameOf(nameFields, request));
    try {
      return await command.serve(request, context, { isLongLived, isRepeatable });
    } finally {
      if (!isLongLived) gate.leave();
    }
  }
  const catalogue = createCatalogue(serve, clock);

  return {
    name,
    serve,
    tool: catalogue.tool,
    findTool: catalogue.find,
    forget: catalogue.forget,
    status: () => ({
      name,
      kind: "command",
      inFlight: command.inFlight,
      queued: gate.queued,
      replicas: [command.status()],
    }),
    ready: (timeoutMs) => command.ready(timeoutMs),
    close: async (graceMs) => {
      catalogue.close();
      await ending.begin(graceMs);
      await command.close();
    },
  };
}

interface Traits {
  readonly isLongLived: boolean;
  readonly isRepeatable: boolean;
}

/** The process, and what is known of it. */
class CommandServer {
  readonly refusals: Refusals;
  readonly gate: Gate;
  inFlight = 0;
  readonly #name: string;
  readonly #config: CommandConfig;
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #transport: StdioTransport;
  #failures = 0;
  #lastError: string | undefined;

  constructor(name: string, config: CommandConfig, clock: Clock) {
    const [program = "", ...args] = config.command;
    const { cwd, env } = config;
    this.refusals = createRefusals(name);
    this.gate = new Gate(config.concurrency, clock);
    this.#name = name;
    this.#config = config;
    this.#clock = clock;
    this.#deadlines = new Deadlines(shortestOf(config.timeouts), clock);
    this.#transport = createStdioTransport({
      command: program,
      args,
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
    });
  }

  /** A process that died is started anew for the next request, and for one that may run twice. */
  async serve(request: JSONRPCRequest, context: RequestContext, traits: Traits): Promise<Result> {
    const record = recordOf(context);
    const attempts = traits.isRepeatable ? this.#config.retries.attempts : 1;
    for (let attempt = 1; ; attempt += 1) {
      if (record !== undefined) {
        record.attempts = attempt;
        record.replica = "1";
      }
      const limits = limitsOf(this.#config.timeouts, traits.isLongLived);
      const exchange = new TimedExchange(this.#deadlines, limits, this.#clock.now());
      this.inFlight += 1;
      try {
        const result = await exchange.run(this.#transport.serve, request, context);
        this.#failures = 0;
        return result;
      } catch (error) {
        const failure = this.#judge(error, exchange, context);
        if (record !== undefined) record.reason = failure.reason;
        if (!failure.mayRepeat || attempt >= attempts) throw failure.error;
      } finally {
        this.inFlight -= 1;
      }
    }
  }

  async ready(timeoutMs: number): Promise<boolean> {
    const controller = new AbortController();
    const stopTimer = this.#clock.after(timeoutMs, () => controller.abort());
    const request = { jsonrpc: "2.0", id: 0, method: discover.name, params: { _meta: ownMeta } };
    try {
      const { signal } = controller;
      await this.#transport.serve(request as JSONRPCRequest, { signal, notify: () => {} });
      return true;
    } catch (error) {
      // A server of an earlier revision does not know the method, but it answers.
      return isProtocolError(error);
    } finally {
      stopTimer();
    }
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  status(): ReplicaStatus {
    const { pid } = this.#transport;
    return {
      name: "1",
      address: this.#config.command[0],
      state: pid === undefined ? "starting" : "up",
      inFlight: this.inFlight,
      failures: this.#failures,
      lastError: this.#lastError,
      pid,
    };
  }

  #judge(error: unknown, exchange: TimedExchange, { signal }: RequestContext): CommandFailure {
    if (isProtocolError(error) || !isTransportError(error)) throw error;
    if (signal.aborted) throw abortError(signal);
    const { timedOut, hasAnswer } = exchange;
    if (timedOut !== undefined) {
      const failure = timeoutError(this.#name, timedOut);
      return { reason: timeoutReason(timedOut), error: failure, mayRepeat: false };
    }
    this.#failures += 1;
    this.#lastError = causeOf(error);
    if (error.reason === "malformed") {
      return { reason: "malformed", error: this.refusals.malformed(error), mayRepeat: false };
    }
    return { reason: "broken", error: this.refusals.broken(error), mayRepeat: !hasAnswer };
  }
}

interface CommandFailure {
  readonly reason: string;
  readonly error: UpstreamError;
  readonly mayRepeat: boolean;
}
