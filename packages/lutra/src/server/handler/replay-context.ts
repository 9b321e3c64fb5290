/**
 * The context of one round: notifications, and the operations of its handler.
 *
 * An input request without a response rejects. When the handler has ended, the client is asked, and its
 * retry replays the handler from the start with all answers remembered. So `finally` blocks run, and
 * the value that a `catch` block returns in the meantime is ignored.
 */
import type { ElicitResult, ElicitURLParams } from "../../protocol/elicitation.ts";
import type { InputRequest, InputRequests } from "../../protocol/input-required.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { RequestMeta } from "../../protocol/meta.ts";
import type { ListRootsResult } from "../../protocol/roots.ts";
import { readTraceContext } from "../../protocol/trace-context.ts";
import { isStandardSchema, type StandardSchema } from "../../schema/standard-schema.ts";
import { elicitParams, type FormQuestion } from "./elicitation.ts";
import type { HandlerContext } from "./handler-context.ts";
import { HandlerError } from "./handler-error.ts";
import type { NotificationPlace } from "./notification-place.ts";
import { Questions } from "./questions.ts";
import { RequestContextMembers } from "./request-members.ts";
import type { InputMemory } from "./request-state.ts";
import type { RoundInit } from "./round.ts";
import { quiet, RoundState } from "./round-state.ts";
import { checkedSampling } from "./sampling.ts";
import { Sleeps } from "./sleeps.ts";
import type { StepOptions } from "./step-options.ts";
import { type Effect, Steps } from "./steps.ts";

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
export class ReplayContext extends RequestContextMembers implements HandlerContext {
  readonly #init: RoundInit;
  #operations: Operations | undefined;

  constructor(init: RoundInit) {
    super(init);
    this.#init = init;
    // A handler that starts none of the recorded operations has changed, too.
    if (init.memory.history?.length) this.#operations = new Operations(init);
    init.stepLog?.begin?.(this);
  }

  // Functions, and not methods, as in the base class.

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

  get status(): HandlerContext["status"] {
    return (message) => (this.isDone ? undefined : this.#init.stepLog?.status(message));
  }

  get startTask(): HandlerContext["startTask"] {
    return () => (this.isDone ? undefined : this.#init.stepLog?.startTask());
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
  override done(): void {
    super.done();
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

  /** A round that continues from a state repeats nothing. */
  protected override get notificationPlace(): NotificationPlace {
    if (this.#init.memory.state !== undefined) return "new";
    return this.#operations?.round.history.place ?? 0;
  }

  get #started(): Operations {
    if (this.#operations === undefined) {
      this.#operations = new Operations(this.#init);
      if (this.isDone) this.#operations.end();
    }
    return this.#operations;
  }

  #ask<Response>(name: string, request: InputRequest): Promise<Response> {
    return this.#started.questions.ask(name, request);
  }
}
