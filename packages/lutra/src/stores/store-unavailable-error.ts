/** What a store says while it can't be reached. */
import { ProtocolError } from "../protocol/errors.ts";

/**
 * A store can't be reached for now. To the peer it is an internal error with the status 503 and
 * `Retry-After`; the cause stays in the log.
 */
export class StoreUnavailableError extends ProtocolError {
  override readonly name: string = "StoreUnavailableError";

  /** @param store What it is, in a word for the log, such as `postgres` */
  constructor(store: string, cause: unknown, retryAfterMs: number = 2000) {
    const options = { cause, status: 503, retryAfterMs };
    super("internalError", `A store is not available for now: ${store}`, options);
  }
}
