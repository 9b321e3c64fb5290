/** The reasons for which one request is sent again with another token, or with a nonce: each of them once. */
import { asksForNonce, type OwnToken } from "../delivery/own-token.ts";
import type { RequestingCaller } from "./requesting-caller.ts";
import type { UpstreamCredentials } from "./upstream-credentials.ts";

export class Renewals {
  readonly #credentials: UpstreamCredentials;
  readonly #caller: RequestingCaller;
  #mayRenew = true;
  #mayStepUp = true;
  #mayAddNonce = true;

  constructor(credentials: UpstreamCredentials, caller: RequestingCaller) {
    this.#credentials = credentials;
    this.#caller = caller;
  }

  /**
   * Reports that the upstream has refused a request with 401. Returns true if another token may be accepted,
   * or the same one with the nonce of the response.
   */
  refused(token: OwnToken | undefined, challenge: string | undefined): boolean {
    if (this.#mayAddNonce && asksForNonce(challenge)) {
      this.#mayAddNonce = false;
      return true;
    }
    const mayRenew = this.#mayRenew;
    this.#mayRenew = false;
    if (mayRenew && token !== undefined) this.#credentials.refused(this.#caller, token);
    return mayRenew;
  }

  /** Reports that a token lacks scopes. Returns true if another one may have them. */
  stepUp(token: OwnToken | undefined, scopes: readonly string[]): boolean {
    const mayStepUp = this.#mayStepUp && token !== undefined;
    this.#mayStepUp = false;
    return mayStepUp && this.#credentials.stepUp(this.#caller, token, scopes);
  }
}
