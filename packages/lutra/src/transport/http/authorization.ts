/**
 * The place of authorization in a client: around the function that sends requests, so that one
 * implementation serves every transport and every revision.
 *
 * @spec basic/authorization/index#access-token-usage
 */
import type { OpenSet } from "../../protocol/open-entries.ts";
import type { TransportError } from "../../protocol/transport-error.ts";

/** Authorizes the HTTP requests of a client. */
export interface HttpAuthorization {
  /**
   * Wraps a function that sends requests to one server. The result adds credentials to each request,
   * and renews them when the server refuses them.
   */
  readonly authorize: (server: URL, send: typeof fetch) => typeof fetch;
  /**
   * Runs work that sends requests, and again after each sign-in that they need. The time that the user
   * takes does not count towards the time limits of the work.
   */
  readonly afterSignIn: <T>(work: () => Promise<T>, wait: SignInWait) => Promise<T>;
}

/** The conditions under which the wait for a user ends early. */
export interface SignInWait {
  readonly signal: AbortSignal | undefined;
  /** The functions with which the client ends its work when it is closed. */
  readonly open: OpenSet<(error: TransportError) => void>;
}
