/** The second argument of a handler: progress, input, steps. */
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
import type { StandardSchema } from "../../schema/standard-schema.ts";
import type { HandleStore } from "../../stores/handle-store.ts";
import type { Answer, FlatQuestion, FormQuestion, URLAnswer } from "./elicitation.ts";
import type { ParallelOptions } from "./parallel.ts";
import type { StepOptions } from "./step-options.ts";
import type { Effect } from "./steps.ts";

/** The second argument of every handler. */
export interface HandlerContext {
  /**
   * Aborts when the client cancels or disconnects. In a task, aborts instead when the task is
   * cancelled or expires, or when another worker may have taken it.
   */
  readonly signal: AbortSignal;
  /** The caller, if the transport has verified one. */
  readonly principal: Principal | undefined;
  /** The capabilities that the client declared for this request. */
  readonly capabilities: ClientCapabilities;
  /** The client's description of itself. Use it for display and logs only. */
  readonly clientInfo: Implementation | undefined;
  /** The `_meta` of the request, as sent. */
  readonly meta: JSONObject;
  /** Valid answers from earlier rounds, for handlers that return `inputRequired()`. */
  readonly inputResponses: { readonly [key: string]: InputResponse | undefined };
  /** The store for the values of handles. `handles()` adds types and isolates callers. */
  readonly handleStore: HandleStore;
  /** The state that the previous round passed to `inputRequired({ state })`. */
  readonly state: unknown;
  /**
   * Reports progress if the client asked for it. Values that do not increase are dropped, and
   * those that a later one replaces before the client can receive them. The promise, if there is one,
   * resolves when the client can receive more.
   *
   * @spec basic/patterns/progress
   */
  progress(progress: number | Progress): void | Promise<void>;
  /**
   * Sends a log message if the server has the option `logging`, and the client asked for this level
   * or a lower one.
   *
   * @deprecated Log to `stderr` or use OpenTelemetry.
   * @spec server/utilities/logging#per-request-log-level
   */
  log(level: LoggingLevel, data: unknown, logger?: string): void | Promise<void>;
  /** Asks the user to visit a URL, for secrets and third-party sign-in. */
  elicit(name: string, question: ElicitURLParams): Promise<URLAnswer>;
  /**
   * Asks the user to fill in a form. `name` identifies the input request within the exchange, so that a
   * replay of the handler finds the answer; an input request in a loop needs a new name each time. To ask
   * several questions at once, use `Promise.all`. Await every function of yours that asks: an
   * unhandled rejection ends the process.
   *
   * @throws {ProtocolError} `missingRequiredClientCapability` when the client cannot be asked
   * @spec client/elicitation
   */
  elicit<const Form extends StandardSchema | JSONObject>(
    name: string,
    question: FormQuestion<Form> & FlatQuestion<Form>,
  ): Promise<Answer<Form>>;
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
   * Runs `effect` once per exchange and remembers its outcome, which must be JSON. A replay returns
   * the outcome and does not run the effect again; if the effect failed, a replay rejects with the
   * same `StepError`, and the name may be used again for another try. Await every step. An effect
   * must not start other operations.
   *
   * The outcome is stored in the sealed request state when the handler asks for input. If the
   * handler fails before that, a retry runs the effect again. In a task, the outcome is stored as
   * soon as the effect has ended. If the process dies in between, the next attempt repeats the effect
   * with the same `idempotencyKey`.
   *
   * @throws {StepError} when the effect failed; a `ToolError` or `ProtocolError` is thrown unchanged
   */
  step<T>(name: string, effect: Effect<T>): Promise<T>;
  /** As above, with further tries after a failure, and a timeout. */
  step<T>(name: string, options: StepOptions, effect: Effect<T>): Promise<T>;
  /**
   * Waits. A replay waits only for the rest of the time. When a task has waited only for sleeps for
   * a second, and no sleep ends within another second, its attempt ends. Another attempt continues
   * when the first sleep has ended.
   */
  sleep(name: string, ms: number): Promise<void>;
  /**
   * Calls `work` for each item, in their order, for at most `concurrency` items at once. Resolves
   * to the results in the order of the items. After a rejection no further item is begun.
   */
  parallel<T, R>(
    items: Iterable<T>,
    options: ParallelOptions,
    work: (item: T, index: number) => R | Promise<R>,
  ): Promise<R[]>;
  /** Sets the status message of the task. Does nothing outside a task. */
  status(message: string): void | Promise<void>;
  /**
   * Turns this call into a task if the tool and the client allow it. Does nothing otherwise, or when
   * the call is a task already. Input requests before this point are answered in the call itself.
   */
  startTask(): void | Promise<void>;
}
