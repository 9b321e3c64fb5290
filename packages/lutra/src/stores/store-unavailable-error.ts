/** The error of an unavailable store. */
import { ProtocolError } from "../protocol/errors.ts";

/**
 * A store is temporarily unavailable. The peer receives an internal error with the status 503 and
 * `Retry-After`. Only the log shows the cause.
 */
export class StoreUnavailableError extends ProtocolError {
  override readonly name: string = "StoreUnavailableError";

  /** @param store the engine, for the log, such as `postgres` */
  constructor(store: string, cause: unknown, retryAfterMs: number = 2000) {
    const options = { cause, status: 503, retryAfterMs };
    super("internalError", `A store is not available for now: ${store}`, options);
  }
}
