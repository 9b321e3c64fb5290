/** Why no connection to a replica came about: it was refused, or took too long. */
import type { Refusals } from "./refusals.ts";
import { timeoutReason } from "./time-limits.ts";
import type { UpstreamError } from "./upstream-error.ts";

export interface ConnectFailure {
  /** The word for logs. */
  readonly reason: string;
  /** What the client is told when no other replica answers. */
  readonly error: UpstreamError;
}

/** The pool's own time limit, and that of the operating system. */
const timeoutCodes: ReadonlySet<unknown> = new Set(["UND_ERR_CONNECT_TIMEOUT", "ETIMEDOUT"]);

/** Reads what a replica's connections, or the transport over them, say. */
export function connectFailure(refusals: Refusals, error: unknown): ConnectFailure {
  if (isTimeout(error)) {
    return { reason: timeoutReason("connect"), error: refusals.slowConnect(error) };
  }
  return { reason: "unreachable", error: refusals.unreachable(error) };
}

function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return timeoutCodes.has(Reflect.get(error, "code")) || isTimeout(error.cause);
}
