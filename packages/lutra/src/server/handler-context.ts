/**
 * What a handler may do beside returning: report progress, ask for input, remember a step.
 *
 * A question without an answer leaves the handler by a rejection; once it has ended, the client is
 * asked, and the retry runs the handler again from the start with all answers remembered. So
 * `finally` blocks run, and what a `catch` block returns in the meantime does not matter.
 */
import type { ClientCapabilities } from "../protocol/capabilities.ts";
import { hasCapabilities, requireCapabilities } from "../protocol/capabilities.ts";
import type { ElicitURLParams } from "../protocol/elicitation.ts";
import type { Principal, RequestContext } from "../protocol/exchange.ts";
import type { InputRequest, InputRequests, InputResponse } from "../protocol/input-required.ts";
import { capabilityFor } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { isAtLeast, type LoggingLevel } from "../protocol/logging.ts";
import type { Implementation, RequestMeta } from "../protocol/meta.ts";
import { type Progress, progressNotification } from "../protocol/progress.ts";
import type { Root } from "../protocol/roots.ts";
import type { CreateMessageParams, CreateMessageResult } from "../protocol/sampling.ts";
import type { StandardSchema } from "../schema/schema.ts";
import { type Answer, type FormQuestion, formParams, type URLAnswer } from "./elicitation.ts";
import type { InputMemory, StepOutcome } from "./input-state.ts";

/** The second argument of every handler. */
export interface HandlerContext {
  /** Aborts when the client cancels, disconnects or no longer waits. */
  readonly signal: AbortSignal;
  /** The caller, where the transport has verified one. */
  readonly principal: Principal | undefined;
  /** What the client declared for this request. */
  readonly capabilities: ClientCapabilities;
  /** Self-reported; for display and logs only. */
  readonly clientInfo: Implementation | undefined;
  /** The `_meta` of the request, as sent. */
  readonly meta: JSONObject;
  /** Valid answers of earlier rounds, for the explicit form. */
  readonly inputResponses: { readonly [key: string]: InputResponse | undefined };
  /** What `inputRequired({ state })` returned in the round before, for the explicit form. */
  readonly state: unknown;
  /**
   * Reports progress to a client that asked for it; otherwise does nothing. Values that do not
   * grow are dropped. The promise resolves when the client can take more.
   *
   * @spec basic/patterns/progress
   */
  progress(progress: number | Progress): void | Promise<void>;
  /**
   * Sends a log message to a client that asked for this level or a lower one.
   *
   * @deprecated Log to `stderr` or use OpenTelemetry.
   * @spec server/utilities/logging#per-request-log-level
   */
  log(level: LoggingLevel, data: unknown, logger?: string): void | Promise<void>;
  /**
   * Asks the user to fill in a form. `name` identifies the question within the request, so that
   * its answer is found again when the handler is replayed.
   *
   * @throws {ProtocolError} `missingRequiredClientCapability` when the client can't be asked
   * @spec client/elicitation
   */
  elicit<const Form extends StandardSchema | JSONObject>(
    name: string,
    question: FormQuestion<Form>,
  ): Promise<Answer<Form>>;
  /** Sends the user to a URL, for secrets and third-party sign-in. */
  elicit(name: string, question: ElicitURLParams): Promise<URLAnswer>;
  /**
   * Asks the client's model for a message.
   *
   * @deprecated Call a model provider from the server instead.
   */
  sample(name: string, params: CreateMessageParams): Promise<CreateMessageResult>;
  /**
   * Asks for the client's directories.
   *
   * @deprecated Pass directories as tool arguments, resource URIs or configuration instead.
   */
  roots(name: string): Promise<readonly Root[]>;
  /**
   * Runs `effect` once per exchange and remembers its outcome, a JSON value, in the sealed request
   * state: a replay gets the outcome in place of a second run. The outcome is kept when the handler
   * asks for input; a handler that fails before that starts over.
   */
  step<T>(name: string, effect: () => T | Promise<T>): Promise<T>;
}

/** Rejects the question that has no answer yet. */
export class InputPending extends Error {
  override readonly name: string = "InputPending";
}

/** The context of one run of one handler. */
export class HandlerRun implements HandlerContext {
  readonly #request: JSONRPCRequest;
  readonly #context: RequestContext;
  readonly #requestMeta: RequestMeta;
  readonly #memory: InputMemory;
  readonly #asked: Record<string, InputRequest> = {};
  #started: Set<string> | undefined;
  #steps: Record<string, StepOutcome> | undefined;
  #taken: Record<string, InputResponse> | undefined;
  #lastProgress = Number.NEGATIVE_INFINITY;
  #isDone = false;

  constructor(request: JSONRPCRequest, context: RequestContext, memory: InputMemory) {
    this.#request = request;
    this.#context = context;
    this.#requestMeta = context.meta as RequestMeta;
    this.#memory = memory;
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
    if (!(progress.progress > this.#lastProgress)) return;
    this.#lastProgress = progress.progress;
    return this.#context.notify(progressNotification(progressToken, progress));
  }

  log(level: LoggingLevel, data: unknown, logger?: string): void | Promise<void> {
    const { logLevel } = this.#requestMeta;
    if (logLevel === undefined || this.#isDone || !isAtLeast(level, logLevel)) return;
    const params = logger === undefined ? { level, data } : { level, data, logger };
    return this.#context.notify({ jsonrpc: "2.0", method: "notifications/message", params });
  }

  elicit(
    name: string,
    question: FormQuestion<StandardSchema | JSONObject> | ElicitURLParams,
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of the interface give the type
  ): Promise<any> {
    const params = "url" in question ? question : formParams(question);
    return this.#ask(name, { method: "elicitation/create", params });
  }

  sample(name: string, params: CreateMessageParams): Promise<CreateMessageResult> {
    return this.#ask(name, { method: "sampling/createMessage", params });
  }

  async roots(name: string): Promise<readonly Root[]> {
    const result = await this.#ask<{ roots: readonly Root[] }>(name, { method: "roots/list" });
    return result.roots;
  }

  async step<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    const { steps } = this.#memory;
    const remembered = Object.hasOwn(steps, name) ? steps[name] : undefined;
    if (remembered !== undefined) return remembered[0] as T;
    this.#started ??= new Set();
    if (this.#started.has(name)) throw new TypeError(`step "${name}": used twice`);
    this.#started.add(name);
    const outcome = await effect();
    this.#steps ??= {};
    this.#steps[name] = outcome === undefined ? [] : [outcome];
    return outcome;
  }

  /** Ends the run: nothing more is sent for the request. */
  done(): void {
    this.#isDone = true;
  }

  /** The questions that this run asked and nobody has answered yet. */
  get pending(): InputRequests | undefined {
    for (const _name in this.#asked) return this.#asked;
    return undefined;
  }

  /** What the next round is to know. */
  get memory(): InputMemory {
    const steps = { ...this.#memory.steps, ...this.#steps };
    return { answers: { ...this.#memory.answers, ...this.#taken }, steps, state: undefined };
  }

  #ask<Response>(name: string, request: InputRequest): Promise<Response> {
    const answer = this.#answer(name, request);
    if (answer !== undefined) return Promise.resolve(answer as Response);
    const refusal = this.#refusal(name, request) ?? new InputPending(`waiting for "${name}"`);
    const rejection = Promise.reject(refusal);
    // A question asked beside others may be awaited late or never.
    rejection.catch(() => {});
    return rejection;
  }

  /** The answer of an earlier round, or one that came without request state. */
  #answer(name: string, request: InputRequest): InputResponse | undefined {
    const { answers, offered } = this.#memory;
    if (Object.hasOwn(answers, name)) return answers[name];
    if (!offered || !hasCapabilities(capabilityFor(request), this.capabilities)) return undefined;
    const answer = offered(name, request);
    if (answer === undefined) return undefined;
    this.#taken ??= {};
    this.#taken[name] = answer;
    return answer;
  }

  #refusal(name: string, request: InputRequest): unknown {
    if (Object.hasOwn(this.#asked, name)) return new TypeError(`question "${name}": asked twice`);
    try {
      requireCapabilities(capabilityFor(request), this.capabilities);
    } catch (error) {
      return error;
    }
    this.#asked[name] = request;
    return undefined;
  }
}
