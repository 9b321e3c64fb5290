/**
 * The input requests of a task that a client has taken on, so that it answers each key once.
 *
 * @spec ext-tasks/tasks#task-update-requests
 */
import type { InputRequests } from "../../../protocol/input-required.ts";
import { canonicalJSON } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";

export class InputLedger {
  readonly #taken = new Map<string, string>();

  /**
   * Returns the requests that were not taken before.
   *
   * @throws {TransportError} `malformed` for a known key with another request
   */
  take(inputRequests: InputRequests): InputRequests {
    const untaken = Object.entries(inputRequests).filter(([key, request]) => {
      const text = canonicalJSON(request);
      const known = this.#taken.get(key);
      this.#taken.set(key, known ?? text);
      if (known === undefined) return true;
      if (known === text) return false;
      throw malformed(`task.inputRequests.${key}: expected the same request as before`);
    });
    return Object.fromEntries(untaken);
  }
}
