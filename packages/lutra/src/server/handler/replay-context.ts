/**
 * The context of one round: notifications, and the operations of its handler.
 *
 * An input request without a response rejects. When the handler has ended, the client is asked, and its
 * retry replays the handler from the start with all answers remembered. So `finally` blocks run, and
 * the value that a `catch` block returns in the meantime is ignored.
 */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import type { ElicitResult, ElicitURLParams } from "../../protocol/elicitation.ts";
import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { InputRequest, InputRequests, InputResponse } from "../../protocol/input-required.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { isAtLeast } from "../../protocol/logging.ts";
import type { Implementation, RequestMeta } from "../../protocol/meta.ts";
import { progressNotification } from "../../protocol/progress.ts";
import type { ListRootsResult } from "../../protocol/roots.ts";
import { readTraceContext } from "../../protocol/trace-context.ts";
import { isStandardSchema, type StandardSchema } from "../../schema/standard-schema.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import { elicitParams, type FormQuestion } from "./elicitation.ts";
import type { HandlerContext } from "./handler-context.ts";
import { HandlerError } from "./handler-error.ts";
import { PacedProgress } from "./paced-progress.ts";
import { inParallel } from "./parallel.ts";
import { Questions } from "./questions.ts";
import type { InputMemory } from "./request-state.ts";
import { quiet, type RoundSettings, RoundState } from "./round-state.ts";
import { checkedSampling } from "./sampling.ts";
import { Sleeps } from "./sleeps.ts";
import type { StepLog } from "./step-log.ts";
import type { StepOptions } from "./step-options.ts";
import { type Effect, Steps } from "./steps.ts";

/** The request of a round, and the memory that it starts with. */
export interface RoundInit {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly memory: InputMemory;
  readonly handles: HandleStore;
  readonly settings: RoundSettings;
  readonly stepLog?: StepLog | undefined;
  /** True for a round outside of the request that started its exchange. @default false */
  readonly isDetached?: boolean;
}

/** The steps, input requests and sleeps of one round. */
class Operations {
  readonly round: RoundState;
  readonly steps: Steps;
  readonly questions: Questions;
  #sleeps: Sleeps | undefined;

  constructor({ memory, settings, context, stepLog }: RoundInit) {
    this.round = new RoundState({ memory, settings, context, stepLog });
    this.steps = new Steps(this.round, memory.steps);
    const { capabilities } = context.meta as RequestMeta;
    this.questions = new Questions(this.round, memory, capabilities);
  }

  get sleeps(): Sleeps {
    this.#sleeps ??= new Sleeps(this.round, () => this.steps.unfinished !== undefined);
    return this.#sleeps;
  }

  get wakeAt(): number | undefined {
    return this.#sleeps?.wakeAt;
  }

  end(): void {
    this.round.end();
    this.#sleeps?.end();
  }
}

/** The context of one round. */
export class ReplayContext implements HandlerContext {
  readonly handleStore: HandleStore;
  readonly #init: RoundInit;
  readonly #requestMeta: RequestMeta;
  #operations: Operations | undefined;
  #lastProgress = Number.NEGATIVE_INFINITY;
  #pacedProgress: PacedProgress | undefined;
  #isDone = false;

  constructor(init: RoundInit) {
    this.handleStore = init.handles;
    this.#init = init;
    this.#requestMeta = init.context.meta as RequestMeta;
    // A handler that starts none of the recorded operations has changed, too.
    if (init.memory.history?.length) this.#operations = new Operations(init);
    init.stepLog?.begin?.(this);
  }

  get signal(): AbortSignal {
    return this.#init.context.signal;
  }

  get principal(): Principal | undefined {
    return this.#init.context.principal;
  }

  get capabilities(): ClientCapabilities {
    return this.#requestMeta.capabilities;
  }

  get clientInfo(): Implementation | undefined {
    return this.#requestMeta.clientInfo;
  }

  get meta(): JSONObject {
    return this.#init.request.params?._meta as JSONObject;
  }

  get inputResponses(): { readonly [key: string]: InputResponse | undefined } {
    return this.#init.memory.answers;
  }

  get state(): unknown {
    return this.#init.memory.state;
  }

  // Functions, and not methods, so that a handler may destructure its context. Each is created when it
  // is read, because most handlers read few of them.

  get progress(): HandlerContext["progress"] {
    return (value) => {
      const { progressToken } = this.#requestMeta;
      const progress = typeof value === "number" ? { progress: value } : value;
      if (progressToken === undefined || this.#isDone) return;
      if (!(progress.progress > this.#lastProgress) || progress.progress === Infinity) return;
      this.#lastProgress = progress.progress;
      this.#pacedProgress ??= new PacedProgress(this.#init.context, () => !this.#isDone);
      return this.#pacedProgress.send(progressNotification(progressToken, progress));
    };
  }

  get log(): HandlerContext["log"] {
    return (level, data, logger) => {
      const { logLevel } = this.#requestMeta;
      if (logLevel === undefined || this.#isDone || !isAtLeast(level, logLevel)) return;
      // The data of a message is required, and `undefined` is not valid in JSON.
      const params = { level, data: data ?? null, ...(logger !== undefined && { logger }) };
      return this.#init.context.notify({ jsonrpc: "2.0", method: "notifications/message", params });
    };
  }

  get elicit(): HandlerContext["elicit"] {
    return (
      name: string,
      question: FormQuestion<StandardSchema | JSONObject> | ElicitURLParams,
      // biome-ignore lint/suspicious/noExplicitAny: the overloads of the interface define the type
    ): Promise<any> => {
      if (typeof name !== "string" || !isObject(question)) {
        throw new TypeError(
          'elicit: expected a name and a question, as in elicit("sure", { ... })',
        );
      }
      const request = { method: "elicitation/create", params: elicitParams(question) } as const;
      const { questions } = this.#started;
      const answer = questions.ask<ElicitResult>(name, request);
      if ("url" in question || !isStandardSchema(question.requestedSchema)) return answer;
      const { requestedSchema: schema } = question;
      return quiet(questions.converted({ name, request, schema }, answer));
    };
  }

  get sample(): HandlerContext["sample"] {
    return (name, params) =>
      this.#ask(name, checkedSampling({ method: "sampling/createMessage", params }));
  }

  get roots(): HandlerContext["roots"] {
    return (name) => {
      const result = this.#ask<ListRootsResult>(name, { method: "roots/list" });
      return quiet(result.then(({ roots }) => roots));
    };
  }

  get step(): HandlerContext["step"] {
    return <T>(name: string, options: StepOptions | Effect<T>, effect?: Effect<T>): Promise<T> => {
      const step = effect
        ? { name, options: options as StepOptions, effect }
        : { name, options: {}, effect: options as Effect<T> };
      return this.#started.steps.run(step);
    };
  }

  get sleep(): HandlerContext["sleep"] {
    return (name, ms) => this.#started.sleeps.sleep(name, ms);
  }

  get parallel(): HandlerContext["parallel"] {
    return (items, options, work) => quiet(inParallel(items, options, work));
  }

  get status(): HandlerContext["status"] {
    return (message) => (this.#isDone ? undefined : this.#init.stepLog?.status(message));
  }

  get startTask(): HandlerContext["startTask"] {
    return () => (this.#isDone ? undefined : this.#init.stepLog?.startTask());
  }

  /** Waits for steps that run in parallel with an input request. */
  settle(): void | Promise<void> {
    return this.#operations?.steps.settle();
  }

  /** A mistake of the handler. Takes precedence over its value and its errors. */
  get mistake(): HandlerError | undefined {
    return this.#operations?.round.history.mistake;
  }

  /** True when the handler must run again, because an operation could not end. */
  get isPaused(): boolean {
    return this.pending !== undefined || this.wakeAt !== undefined;
  }

  /** Ends the round: no more notifications are sent, and no more operations are started. */
  done(): void {
    this.#isDone = true;
    this.#operations?.end();
  }

  /** Requires that the value of the handler depends on all operations, now that it has returned. */
  requireEnded(): void {
    const operations = this.#operations;
    if (operations === undefined) return;
    operations.round.history.finish();
    const { unfinished } = operations.steps;
    if (unfinished !== undefined && this.mistake === undefined) {
      throw new HandlerError(
        `step "${unfinished}": still running when the handler returned; await every step`,
      );
    }
  }

  /** The input requests of this round that have no response yet. */
  get pending(): InputRequests | undefined {
    return this.#operations?.questions.pending;
  }

  /** The time at which the next round starts, when a sleep has ended this one. */
  get wakeAt(): number | undefined {
    return this.#operations?.wakeAt;
  }

  /** The memory for the next round. */
  get memory(): InputMemory {
    const memory = this.#tracedMemory;
    if (this.#operations === undefined) return { ...memory, state: undefined };
    const { round, steps, questions } = this.#operations;
    const { answers } = questions;
    const history = [...round.history.entries];
    const { firstTrace } = memory;
    const known = { answers, steps: steps.outcomes, history, state: undefined, firstTrace };
    const exchange = round.knownExchange;
    return exchange === undefined ? known : { ...known, exchange };
  }

  /** The memory at the start, with the trace of the first round if the server is observed. */
  get #tracedMemory(): InputMemory {
    const { memory, settings, request } = this.#init;
    if (settings.observer === undefined || memory.firstTrace !== undefined) return memory;
    return { ...memory, firstTrace: readTraceContext(request.params?._meta)?.traceparent };
  }

  get #started(): Operations {
    if (this.#operations === undefined) {
      this.#operations = new Operations(this.#init);
      if (this.#isDone) this.#operations.end();
    }
    return this.#operations;
  }

  #ask<Response>(name: string, request: InputRequest): Promise<Response> {
    return this.#started.questions.ask(name, request);
  }
}
