import { requireKnownMembers } from "../protocol/known-members.ts";
import type { Progress } from "../protocol/progress.ts";

/** The call that a model asked for. */
export interface ModelToolCall {
  /** The name of the tool at the server. */
  readonly tool: string;
  /** The id that the model gave the call; `undefined` for a call without a model. */
  readonly toolCallId: string | undefined;
}

/** Options of a bridge to a framework. */
export interface BridgeOptions {
  /** The names of the tools that the model may call. @default all that the server lists */
  readonly include?: readonly string[];
  /** The names of tools that the model may not call. @default [] */
  readonly exclude?: readonly string[];
  /** Maximum number of tools. Models call the right tool less often among many. @default 128 */
  readonly maxTools?: number;
  /** Called with progress notifications of calls. */
  readonly onProgress?: (progress: Progress, call: ModelToolCall) => void;
  /** Cancels the request for the list of tools. Calls have signals of their own. */
  readonly signal?: AbortSignal;
}

type Optional = "include" | "onProgress" | "signal";

/** Options with every default filled in. */
export type CompleteBridgeOptions = Required<Omit<BridgeOptions, Optional>> &
  Pick<BridgeOptions, Optional>;

const names = ["include", "exclude", "maxTools", "onProgress", "signal"];

/**
 * Completes the options.
 *
 * @throws {TypeError} for an unknown or invalid option
 */
export function withDefaults(caller: string, options: BridgeOptions): CompleteBridgeOptions {
  requireKnownMembers(options, names, caller);
  const { exclude = [], maxTools = 128 } = options;
  for (const [name, value] of Object.entries({ include: options.include ?? [], exclude })) {
    if (!Array.isArray(value))
      throw new TypeError(`${caller}: ${name}: expected an array of names`);
  }
  if (!Number.isInteger(maxTools) || maxTools < 1) {
    throw new TypeError(`${caller}: maxTools: expected a positive integer`);
  }
  return { ...options, exclude, maxTools };
}
