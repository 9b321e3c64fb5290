/** What went wrong between the gateway and an upstream, as a client is told. */
import { ProtocolError } from "lutra/protocol";

const statuses = {
  /** No replica could be reached, or it broke off. */
  unreachable: 502,
  /** It answered what is no MCP. */
  malformed: 502,
  timeout: 504,
  /** Nothing is ready, or too much waits already. */
  unavailable: 503,
} as const;

/**
 * A failure to get an answer from an upstream. To the peer it is an internal error with a status of
 * its own and `data: { upstream }`; the cause stays in the log.
 */
export class UpstreamError extends ProtocolError {
  override readonly name: string = "UpstreamError";
  readonly kind: keyof typeof statuses;

  constructor(
    kind: keyof typeof statuses,
    upstream: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    super("internalError", message, { ...options, data: { upstream }, status: statuses[kind] });
    this.kind = kind;
  }
}
