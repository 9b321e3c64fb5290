/** The recent exchanges that the console lists. */
import type { ExchangeDetail, ExchangePage, ListedExchange, RecentExchange } from "@lutra/console";
import type { ExchangeRing } from "./exchange-ring.ts";

/** Maximum number of exchanges of one page. */
const maxPage = 1000;
/** Maximum number of exchanges of one trace. */
const maxTrace = 200;

/** Returns up to 1,000 exchanges after the one with the number `id`. */
export function exchangesAfter(ring: ExchangeRing, id: number): ExchangePage {
  const { exchanges, missed } = ring.after(id, maxPage);
  const last = exchanges.at(-1)?.id ?? id;
  return { exchanges: exchanges.map(listed), missed, hasMore: last < ring.nextId - 1 };
}

/** Returns an exchange, or undefined if it is not kept. */
export function exchangeDetail(ring: ExchangeRing, id: number): ExchangeDetail | undefined {
  const exchange = ring.find(id);
  if (exchange === undefined) return undefined;
  const { traceId } = exchange;
  const trace = traceId === undefined ? [exchange] : ring.ofTrace(traceId).slice(-maxTrace);
  return { exchange, trace: trace.map(listed) };
}

function listed({ messages, ...exchange }: RecentExchange): ListedExchange {
  return { ...exchange, messageCount: messages?.length };
}
