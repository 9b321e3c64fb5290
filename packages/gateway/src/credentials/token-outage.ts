/** The reports about an authorization server that issues no tokens. */
import type { ProtocolError } from "lutra/protocol";
import { noToken } from "./credential-errors.ts";

/** Reports the beginning and the end of an outage of one upstream's tokens, once each. */
export class TokenOutage {
  readonly #name: string;
  readonly #onWarning: (message: string, cause?: unknown) => void;
  #isOut = false;

  constructor(name: string, onWarning: (message: string, cause?: unknown) => void) {
    this.#name = name;
    this.#onWarning = onWarning;
  }

  /** Returns the error for the request whose token was not obtained. */
  failed(error: unknown): ProtocolError {
    const { refusal, isOfCaller } = noToken(this.#name, error);
    if (!isOfCaller && !this.#isOut) {
      this.#isOut = true;
      this.#onWarning(`upstream "${this.#name}": no token can be obtained`, error);
    }
    return refusal;
  }

  /** Records that a token was obtained. */
  succeeded(): void {
    if (this.#isOut) this.#onWarning(`upstream "${this.#name}": tokens can be obtained again`);
    this.#isOut = false;
  }
}
