/**
 * Sends states and lists to a page as they change. Nothing is kept for a page that reads slowly: it
 * later gets the current state, and the current content of the lists.
 */

/** One event for a page. */
interface LiveEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface LiveOptions {
  readonly send: (event: string, data: unknown) => void;
  /** Returns false while the page has not read earlier events. */
  readonly isReading: () => boolean;
  /** Aborted when the page disconnects. */
  readonly signal: AbortSignal;
  /** Time between two checks for news, in milliseconds. */
  readonly everyMs: number;
  /** Maximum number of events that are sent at once. @default 20 */
  readonly atOnce?: number;
  /** Returns the next event, or undefined if there is no news. Called only while the page reads. */
  readonly next: () => LiveEvent | undefined;
}

/** Sends events until the page disconnects. */
export function sendLive(options: LiveOptions): Promise<void> {
  const { send, isReading, signal, everyMs, atOnce = 20, next } = options;
  const sendNews = () => {
    for (let sent = 0; sent < atOnce && isReading(); sent += 1) {
      const news = next();
      if (news === undefined) return;
      send(news.event, news.data);
    }
  };
  return new Promise((resolve) => {
    sendNews();
    const timer = setInterval(sendNews, everyMs);
    const stop = () => {
      clearInterval(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
