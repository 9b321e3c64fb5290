/** The console of a gateway with several processes: the supervisor shows the exchanges of all. */

import { bytesOf } from "../console/recent-exchange.ts";
import type { Recorder } from "../console/recorder.ts";
import type { Channel } from "./channel.ts";

/** Interval at which a process sends its exchanges, in milliseconds. */
const sendMs = 250;
/** Maximum number of exchanges that a process sends at once; the load is estimated from them. */
const maxSent = 500;
/** Maximum number of subscriptions that a process sends. */
const maxSubscriptions = 1000;

/** Sends the exchanges that a process records. Returns a function that ends it. */
export function sendExchanges(channel: Channel, recorder: Recorder): () => void {
  const { ring, subscriptions } = recorder;
  let last = 0;
  let before = 0;
  const timer = setInterval(() => {
    const newest = ring.nextId - 1;
    if (newest === last && subscriptions.size === 0 && before === 0) return;
    const { exchanges } = ring.after(last, maxSent);
    const missed = newest - last - exchanges.length;
    const open = subscriptions.list(maxSubscriptions);
    const bytes = exchanges.reduce((sum, one) => sum + bytesOf(one), 0);
    channel.offer("exchanges", { exchanges, missed, subscriptions: open }, bytes);
    last = newest;
    before = open.length;
  }, sendMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Records the exchanges of a process, until the returned function is called. */
export function receiveExchanges(channel: Channel, recorder: Recorder): () => void {
  channel.on("exchanges", ({ exchanges, missed, subscriptions }) => {
    const share = missed / Math.max(1, exchanges.length);
    let rest = 0;
    for (const exchange of exchanges) {
      rest += share;
      const more = Math.floor(rest);
      rest -= more;
      recorder.add(exchange, 1 + more);
    }
    recorder.subscriptions.setOthers(channel, subscriptions);
  });
  return () => recorder.subscriptions.setOthers(channel, []);
}
