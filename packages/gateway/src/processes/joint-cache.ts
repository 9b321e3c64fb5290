/** The responses in the caches of several processes, as one list. */
import type { ListedResponse } from "lutra/stores";
import type { ShownResponse } from "../console/console-sources.ts";

/** Maximum size of the parameters that a process sends at once, in characters. */
const maxSent = 1_000_000;

/** Leaves out responses after the first ones, so that the message to the supervisor is bounded. */
export function boundedResponses(responses: readonly ListedResponse[]): readonly ListedResponse[] {
  let size = 0;
  return responses.filter(({ key }) => {
    size += key.params.length;
    return size <= maxSent;
  });
}

/**
 * Returns up to `max` responses: the most recently used one of each process, then the second ones, and
 * so on. One that several processes have is listed once, with the sum of its sizes.
 */
export function mergedResponses(
  lists: readonly (readonly ListedResponse[])[],
  max: number,
): readonly ShownResponse[] {
  const merged = new Map<string, ShownResponse>();
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  for (let place = 0; place < longest; place += 1) {
    for (const list of lists) {
      const response = list[place];
      if (response === undefined) continue;
      const { server, method, params, partition } = response.key;
      const name = JSON.stringify([server, method, params, partition]);
      merged.set(name, sum(merged.get(name), response));
    }
  }
  return [...merged.values()].slice(0, max);
}

function sum(one: ShownResponse | undefined, other: ListedResponse): ShownResponse {
  return {
    ...other,
    bytes: other.bytes + (one?.bytes ?? 0),
    receivedAt: Math.max(other.receivedAt, one?.receivedAt ?? 0),
    processes: 1 + (one?.processes ?? 0),
  };
}
