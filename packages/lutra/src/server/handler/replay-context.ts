/**
 * The context of one round: notifications, questions and steps of its handler.
 *
 * An input request without a response rejects. When the handler has ended, the client is asked, and its
 * retry replays the handler from the start with all answers remembered. So `finally` blocks run, and
 * the value that a `catch` block returns in the meantime is ignored.
 */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import { hasCapabilities, requireCapabilities } from "../../protocol/capabilities.ts";
import type { ElicitResult, ElicitURLParams } from "../../protocol/elicitation.ts";
import type { Principal, RequestContext } from "../../protocol/exchange.ts";
import type { InputRequest, InputRequests, InputResponse } from "../../protocol/input-required.ts";
import { capabilityFor } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { isAtLeast, type LoggingLevel } from "../../protocol/logging.ts";
import type { Implementation, RequestMeta } from "../../protocol/meta.ts";
import { type Progress, progressNotification } from "../../protocol/progress.ts";
import type { ListRootsResult, Root } from "../../protocol/roots.ts";
import type { CreateMessageParams, CreateMessageResult } from "../../protocol/sampling.ts";
import { isStandardSchema, type StandardSchema } from "../../schema/schema.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import { randomId } from "../random-id.ts";
import { elicitParams, type FormQuestion } from "./elicitation.ts";
import type { HandlerContext } from "./handler-context.ts";
import type { InputMemory } from "./request-state.ts";
import type { StepLog } from "./step-log.ts";
import { type StepInfo, Steps } from "./steps.ts";

/** The error with which an input request rejects that has no response yet. */
export class InputPending extends Error {
  override readonly name: string = "InputPending";
}

/** The request of a round, and the memory that it starts with. */
export interface RoundInit {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly memory: InputMemory;
  readonly handles: HandleStore;
  readonly stepLog?: StepLog | undefined;
}

/** The context of one round. */
export class ReplayContext implements HandlerContext {
  readonly handleStore: HandleStore;
  readonly #request: JSONRPCRequest;
  readonly #context: RequestContext;
  readonly #requestMeta: RequestMeta;
  readonly #memory: InputMemory;
  readonly #stepLog: StepLog | undefined;
  #exchange: string | undefined;
  #asked: Record<string, InputRequest> | undefined;
  #names: Set<string> | undefined;
  #steps: Steps | undefined;
  #taken: Record<string, InputResponse> | undefined;
  #mistake: TypeError | undefined;
  #lastProgress = Number.NEGATIVE_INFINITY;
  #isDone = false;

  constructor({ request, context, memory, handles, stepLog }: RoundInit) {
    this.handleStore = handles;
    this.#request = request;
    this.#context = context;
    this.#requestMeta = context.meta as RequestMeta;
    this.#memory = memory;
    this.#stepLog = stepLog;
    this.#exchange = memory.exchange;
    stepLog?.begin?.(this);
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get principal(): Principal | undefined {
    return this.#context.principal;
  }

  get capabilities(): ClientCapabilities {
    return this.#requestMeta.capabilities;
  }

  get clientInfo(): Implementation | undefined {
    return this.#requestMeta.clientInfo;
  }

  get meta(): JSONObject {
    return this.#request.params?._meta as JSONObject;
  }

  get inputResponses(): { readonly [key: string]: InputResponse | undefined } {
    return this.#memory.answers;
  }

  get state(): unknown {
    return this.#memory.state;
  }

  progress(value: number | Progress): void | Promise<void> {
    const { progressToken } = this.#requestMeta;
    const progress = typeof value === "number" ? { progress: value } : value;
    if (progressToken === undefined || this.#isDone) return;
    if (!(progress.progress > this.#lastProgress) || progress.progress === Infinity) return;
    this.#lastProgress = progress.progress;
    return this.#context.notify(progressNotification(progressToken, progress));
  }

  log(level: LoggingLevel, data: unknown, logger?: string): void | Promise<void> {
    const { logLevel } = this.#requestMeta;
    if (logLevel === undefined || this.#isDone || !isAtLeast(level, logLevel)) return;
    // The data of a message is required, and `undefined` is not valid in JSON.
    const params = { level, data: data ?? null, ...(logger !== undefined && { logger }) };
    return this.#context.notify({ jsonrpc: "2.0", method: "notifications/message", params });
  }

  elicit(
    name: string,
    question: FormQuestion<StandardSchema | JSONObject> | ElicitURLParams,
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of the interface define the type
  ): Promise<any> {
    const request = { method: "elicitation/create", params: elicitParams(question) } as const;
    const answer = this.#ask<ElicitResult>(name, request);
    if ("url" in question || !isStandardSchema(question.requestedSchema)) return answer;
    return quiet(this.#converted(name, request, { answer, schema: question.requestedSchema }));
  }

  sample(name: string, params: CreateMessageParams): Promise<CreateMessageResult> {
    return this.#ask(name, { method: "sampling/createMessage", params });
  }

  roots(name: string): Promise<readonly Root[]> {
    const result = this.#ask<ListRootsResult>(name, { method: "roots/list" });
    return quiet(result.then(({ roots }) => roots));
  }

  step<T>(name: string, effect: (info: StepInfo) => T | Promise<T>): Promise<T> {
    this.#steps ??= new Steps({
      remembered: this.#memory.steps,
      exchange: () => {
        this.#exchange ??= randomId();
        return this.#exchange;
      },
      stepLog: this.#stepLog,
    });
    return this.#steps.run(name, effect);
  }

  status(message: string): void | Promise<void> {
    if (!this.#isDone) return this.#stepLog?.status(message);
  }

  startTask(): void | Promise<void> {
    if (!this.#isDone) return this.#stepLog?.startTask();
  }

  /** Waits for steps that run in parallel with an input request. */
  settle(): void | Promise<void> {
    return this.#steps?.settle();
  }

  /** A mistake of the handler. Reported even if an input request rejected first. */
  get mistake(): TypeError | undefined {
    return this.#mistake;
  }

  /** Ends the round: no more notifications are sent. */
  done(): void {
    this.#isDone = true;
  }

  /** The input requests of this round that have no response yet. */
  get pending(): InputRequests | undefined {
    return this.#asked;
  }

  /** The memory for the next round. */
  get memory(): InputMemory {
    const { answers, steps } = this.#memory;
    const outcomes = this.#steps?.outcomes ?? steps;
    const known = { answers: { ...answers, ...this.#taken }, steps: outcomes, state: undefined };
    return this.#exchange === undefined ? known : { ...known, exchange: this.#exchange };
  }

  #ask<Response>(name: string, request: InputRequest): Promise<Response> {
    this.#names ??= new Set();
    // A second input request with this name would always get the response to the first.
    if (this.#names.has(name)) {
      this.#mistake = new TypeError(`input request "${name}": asked twice in one round`);
      return refused(this.#mistake);
    }
    this.#names.add(name);
    const answer = this.#answer(name, request);
    return answer ? Promise.resolve(answer as Response) : this.#wait(name, request);
  }

  /** Returns the answer from an earlier round, or one that was sent without request state. */
  #answer(name: string, request: InputRequest): InputResponse | undefined {
    const { answers, offered } = this.#memory;
    if (Object.hasOwn(answers, name)) return answers[name];
    if (!offered || !hasCapabilities(capabilityFor(request), this.capabilities)) return undefined;
    const answer = offered(name, request);
    if (answer === undefined) return undefined;
    this.#taken ??= Object.create(null) as Record<string, InputResponse>;
    this.#taken[name] = answer;
    return answer;
  }

  #wait(name: string, request: InputRequest): Promise<never> {
    try {
      requireCapabilities(capabilityFor(request), this.capabilities);
    } catch (error) {
      return refused(error);
    }
    // Without a prototype, because an input request may have any name.
    this.#asked ??= Object.create(null) as Record<string, InputRequest>;
    this.#asked[name] = request;
    return refused(new InputPending(`waiting for "${name}"`));
  }

  /** Converts an accepted form with its schema. Asks again if the schema rejects the content. */
  async #converted(
    name: string,
    request: InputRequest,
    { answer, schema }: { readonly answer: Promise<ElicitResult>; readonly schema: StandardSchema },
  ): Promise<unknown> {
    const { action, content = {} } = await answer;
    if (action !== "accept") return { action };
    const result = await schema["~standard"].validate(content);
    return result.issues ? this.#wait(name, request) : { action, content: result.value };
  }
}

/** Rejects with `reason`. One of several parallel input requests may be awaited late or never. */
function refused(reason: unknown): Promise<never> {
  return quiet(Promise.reject(reason));
}

/** Prevents a rejection that is never awaited from ending the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
