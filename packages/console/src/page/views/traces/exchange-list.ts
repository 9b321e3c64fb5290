/** The exchanges that the page has received, the newest first, bounded by a number. */
import type { ListedExchange } from "../../../server/traces-api.ts";

export interface ReceivedExchanges {
  /** The newest first. */
  readonly exchanges: readonly ListedExchange[];
  /** The number of the newest one. */
  readonly lastId: number;
}

export const none: ReceivedExchanges = { exchanges: [], lastId: 0 };

/** Adds exchanges, the oldest first. Those that are known already are ignored. */
export function withExchanges(
  { exchanges, lastId }: ReceivedExchanges,
  added: readonly ListedExchange[],
  max: number,
): ReceivedExchanges {
  const fresh = added.filter(({ id }) => id > lastId);
  const newest = fresh.at(-1);
  if (newest === undefined) return { exchanges, lastId };
  return { exchanges: [...fresh.reverse(), ...exchanges].slice(0, max), lastId: newest.id };
}
