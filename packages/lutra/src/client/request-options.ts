/** The options of single requests. */
import type { InputResponses } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { LogMessage } from "../protocol/logging.ts";
import type { Progress } from "../protocol/progress.ts";

/** Options of one request. */
export interface RequestOptions {
  /** Gives the request up; the server is told. */
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** In place of the client's, in milliseconds. */
  readonly maxTimeoutMs?: number | undefined;
  /** Asks for progress, which also restarts `timeoutMs`. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Asks for log messages.
   *
   * @deprecated Logging is deprecated; use `stderr` or OpenTelemetry.
   */
  readonly onLog?: ((message: LogMessage) => void) | undefined;
  /** More members of `_meta`. Those that the protocol defines can't be replaced. */
  readonly meta?: JSONObject | undefined;
}

/** Who answers when a server asks for input: the client's handlers, or the caller. */
export type InputMode = "auto" | "manual";

/** Options of requests that a server may answer by asking for input. */
export interface InputOptions<Inputs extends InputMode = InputMode> extends RequestOptions {
  /** With `manual`, an `input_required` result is returned as it is. @default "auto" */
  readonly inputs?: Inputs | undefined;
  /** The caller's answers to an `input_required` result of the same request. */
  readonly inputResponses?: InputResponses | undefined;
  /** The `requestState` of that result, unchanged. */
  readonly requestState?: string | undefined;
}
