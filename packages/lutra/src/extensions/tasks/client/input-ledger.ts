/**
 * The input requests of a task that a client has taken on, so that it answers each key once.
 *
 * @spec ext-tasks/tasks#task-update-requests
 */
import { requireFewInputs } from "../../../client/input-required.ts";
import type { InputRequests } from "../../../protocol/input-required.ts";
import { canonicalJSON } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";

/** Maximum length of all input requests of a task, as canonical JSON. */
const maxLength = 8_388_608;

export class InputLedger {
  readonly #taken = new Map<string, string>();
  readonly #maxRequests: number;
  #length = 0;

  /** @param maxRequests Maximum number of input requests of the task */
  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests;
  }

  /**
   * Returns the requests that were not taken before.
   *
   * @throws {TransportError} `malformed` for a known key with another request, and for too many
   */
  take(inputRequests: InputRequests): InputRequests {
    const untaken = Object.entries(inputRequests).filter(([key, request]) => {
      const text = canonicalJSON(request);
      const known = this.#taken.get(key);
      this.#taken.set(key, known ?? text);
      this.#length += known === undefined ? text.length : 0;
      if (this.#length > maxLength) {
        throw malformed(`task.inputRequests: expected at most ${maxLength} characters`);
      }
      requireFewInputs(this.#taken.size, this.#maxRequests);
      if (known === undefined) return true;
      if (known === text) return false;
      throw malformed(`task.inputRequests.${key}: expected the same request as before`);
    });
    return Object.fromEntries(untaken);
  }
}
