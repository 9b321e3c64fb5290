/**
 * What a client has answered of one task: each key once, however often it is shown.
 *
 * @spec ext-tasks/tasks#task-update-requests
 */
import type { InputRequests } from "../../../protocol/input-required.ts";
import { canonicalJSON } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";

export class InputLedger {
  readonly #requests = new Map<string, string>();

  /**
   * The requests that nobody has taken before.
   *
   * @throws {TransportError} `malformed` for a key that stood for another request
   */
  take(inputRequests: InputRequests): InputRequests {
    const fresh = Object.entries(inputRequests).filter(([key, request]) => {
      const text = canonicalJSON(request);
      const known = this.#requests.get(key);
      this.#requests.set(key, known ?? text);
      if (known === undefined) return true;
      if (known === text) return false;
      throw malformed(`task.inputRequests.${key}: stood for another request before`);
    });
    return Object.fromEntries(fresh);
  }
}
