/** The options of single requests. */
import type { InputResponses } from "../protocol/input-required.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { LogMessage } from "../protocol/logging.ts";
import type { Progress } from "../protocol/progress.ts";

/** Options of one request. */
export interface RequestOptions {
  /** Cancels the request, also at the server. */
  readonly signal?: AbortSignal | undefined;
  /** Replaces the client's `timeoutMs`, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Replaces the client's `maxTimeoutMs`, in milliseconds. */
  readonly maxTimeoutMs?: number | undefined;
  /** Called with progress notifications. They also restart `timeoutMs`. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Called with log messages.
   *
   * @deprecated Logging is deprecated; use `stderr` or OpenTelemetry.
   */
  readonly onLog?: ((message: LogMessage) => void) | undefined;
  /** Further members of `_meta`. Those that the protocol defines can't be replaced. */
  readonly meta?: JSONObject | undefined;
}

/** The side that answers input requests of a server: the client's handlers, or the caller. */
export type InputMode = "auto" | "manual";

/** Options of requests that a server may answer by asking for input. */
export interface InputOptions<Inputs extends InputMode = InputMode> extends RequestOptions {
  /** With `manual`, an `input_required` result is returned to the caller. @default "auto" */
  readonly inputs?: Inputs | undefined;
  /** The caller's answers to an `input_required` result of the same request. */
  readonly inputResponses?: InputResponses | undefined;
  /** The `requestState` of that result, unchanged. */
  readonly requestState?: string | undefined;
}
