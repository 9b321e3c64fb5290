/**
 * The era of a server, which a transport detects: the current revision, or one whose sessions begin
 * with `initialize`.
 *
 * @spec basic/versioning#terminology
 */
import type { Transport } from "../protocol/exchange.ts";
import type { InputRequest } from "../protocol/input-required.ts";
import { latestVersion, legacyVersions } from "../protocol/versioning.ts";

export type ServerEra = "modern" | "legacy";

/** The result of an earlier probe of a server. */
export interface EraVerdict {
  readonly era: ServerEra;
  /** The legacy transport of a URL: Streamable HTTP or the older HTTP+SSE. @default "http" */
  readonly transport?: "http" | "sse";
}

/**
 * Remembers which era a server speaks, so that it is not probed again. The key of a server contains
 * its address without the query, or its command with a hash of its arguments.
 */
export interface EraVerdicts {
  readonly get: (server: string) => EraVerdict | undefined | Promise<EraVerdict | undefined>;
  readonly set: (server: string, verdict: EraVerdict) => void | Promise<void>;
  /** Removes a verdict that has turned out to be wrong. */
  readonly delete: (server: string) => void | Promise<void>;
}

/** Options for servers whose era is not known. */
export interface EraOptions {
  /**
   * The era of the server: `modern` for the current revision, `legacy` for those before, or one of
   * the legacy versions. `auto` detects the era: it begins with the current revision. @default "auto"
   */
  readonly era?: "auto" | ServerEra | (string & {}) | undefined;
  /** Remembers the eras of servers. @default in memory, shared by the clients of this process */
  readonly verdicts?: EraVerdicts | undefined;
  /**
   * Maximum time that a server of unknown era may be silent, in milliseconds. After that the client
   * also tries `initialize`. @default 3000 over stdio, 10000 over HTTP
   */
  readonly probeTimeoutMs?: number | undefined;
  /**
   * Maximum time that a call to a server of an earlier revision waits for the answers to its input
   * requests, in milliseconds, at most an hour. After that the call is cancelled. @default 600000
   */
  readonly inputWaitMs?: number | undefined;
}

/** Maximum of the option `inputWaitMs`, in milliseconds. */
const maxInputWaitMs = 3_600_000;

/** Answers a request that a legacy server sends while no request of the client is in flight. */
export type AnswerRequest = (request: InputRequest, signal: AbortSignal) => Promise<unknown>;

/** A transport that speaks both eras. */
export interface DualTransport extends Transport {
  /** The era of the server, once it is known. */
  readonly era: ServerEra | undefined;
  /** Ends the call that waits for input under this `requestState`. */
  readonly abandon: (requestState: string) => void;
  /** Set by the client. Without it, such requests are refused. */
  answer: AnswerRequest | undefined;
}

/** Returns true for a value of the option `era` that allows the current revision alone. */
export function isModernEra(era: string | undefined): boolean {
  return era === "modern" || era === latestVersion;
}

/**
 * Checks the options `era` and `inputWaitMs`.
 *
 * @throws {TypeError} for another value
 */
export function requireEraOptions({ era, inputWaitMs }: EraOptions): void {
  if (era !== undefined) requireEra(era);
  if (inputWaitMs === undefined || (inputWaitMs > 0 && inputWaitMs <= maxInputWaitMs)) return;
  throw new TypeError(`inputWaitMs: expected a positive number of at most ${maxInputWaitMs}`);
}

function requireEra(era: string): void {
  const known = ["auto", "modern", "legacy", ...legacyVersions];
  if (known.includes(era) || isModernEra(era)) return;
  throw new TypeError(`era: expected one of ${known.join(", ")}, got "${era}"`);
}
