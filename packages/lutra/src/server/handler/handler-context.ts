/** What a handler may do beside returning: report progress, ask for input, remember a step. */
import type { ClientCapabilities } from "../../protocol/capabilities.ts";
import type { ElicitURLParams } from "../../protocol/elicitation.ts";
import type { Principal } from "../../protocol/exchange.ts";
import type { InputResponse } from "../../protocol/input-required.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { LoggingLevel } from "../../protocol/logging.ts";
import type { Implementation } from "../../protocol/meta.ts";
import type { Progress } from "../../protocol/progress.ts";
import type { Root } from "../../protocol/roots.ts";
import type { CreateMessageParams, CreateMessageResult } from "../../protocol/sampling.ts";
import type { StandardSchema } from "../../schema/schema.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import type { Answer, FormQuestion, URLAnswer } from "./elicitation.ts";
import type { StepInfo } from "./steps.ts";

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
  /** Where the values of handles live; `handles()` gives it types and keeps callers apart. */
  readonly handleStore: HandleStore;
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
   * its answer is found again when the handler is replayed; a question in a loop needs a new name
   * each time. Ask several at once with `Promise.all`: a function of yours that asks and is never
   * awaited ends the process, as any rejected promise does that nobody awaits.
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
   * asks for input; a handler that fails before that starts over. Inside a task the outcome is kept
   * as soon as the effect has ended. A process that dies in between runs the effect once more, with
   * the same `idempotencyKey`.
   */
  step<T>(name: string, effect: (info: StepInfo) => T | Promise<T>): Promise<T>;
  /** Says how far the work is, to whoever looks at the task. Outside a task it does nothing. */
  status(message: string): void | Promise<void>;
  /**
   * Makes a task of this call from here on, where the tool and the client allow it; otherwise, and
   * inside a task, does nothing. What is asked before it is asked in the call itself.
   */
  startTask(): void | Promise<void>;
}
