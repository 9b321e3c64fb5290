/** Sends events to all open pages. */
import type { ApiStream, SendEvent } from "../api-route.ts";

export interface EventHub {
  readonly broadcast: SendEvent;
  /** Broadcasts the last data for a key, at most every 50 ms, because progress can change faster. */
  readonly broadcastLast: (key: string, event: string, data: () => unknown) => void;
  /** Creates a list whose new items are broadcast. It keeps the last ones. */
  readonly list: <Item>(event: string) => BroadcastList<Item>;
  /** The stream of a page, which begins with a snapshot. */
  readonly stream: (snapshot: () => unknown) => ApiStream["stream"];
  readonly close: () => void;
}

interface BroadcastList<Item> {
  readonly add: (item: Item) => void;
  readonly all: () => readonly Item[];
}

const intervalMs = 50;
/** Maximum number of items of a list. Older ones are removed. */
const maxItems = 500;

export function createEventHub(): EventHub {
  const pages = new Set<SendEvent>();
  const waiting = new Map<string, () => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const broadcast: SendEvent = (event, data) => {
    for (const send of pages) send(event, data);
  };
  const flush = () => {
    timer = undefined;
    const sends = [...waiting.values()];
    waiting.clear();
    for (const send of sends) send();
  };
  return {
    broadcast,
    broadcastLast: (key, event, data) => {
      waiting.set(key, () => broadcast(event, data()));
      timer ??= setTimeout(flush, intervalMs);
    },
    list: <Item>(event: string): BroadcastList<Item> => {
      const items: Item[] = [];
      return {
        add: (item) => {
          items.push(item);
          if (items.length > maxItems) items.shift();
          broadcast(event, item);
        },
        all: () => items,
      };
    },
    stream:
      (snapshot) =>
      (send, { signal }) => {
        send("snapshot", snapshot());
        pages.add(send);
        signal.addEventListener("abort", () => pages.delete(send), { once: true });
      },
    close: () => {
      clearTimeout(timer);
      pages.clear();
    },
  };
}
