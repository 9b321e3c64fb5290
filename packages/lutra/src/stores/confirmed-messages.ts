/**
 * Messages over an event bus that are sent again until their receiver confirms them. A bus delivers at
 * most once, and loses what is published while its connection is interrupted.
 */
import { linkAbort, unlessAborted } from "../time/abort.ts";
import { waitWithTimer } from "./timer.ts";

/** The shortest and the longest pause between two attempts, in milliseconds. */
const pace = { firstMs: 200, longestMs: 5000 };
/** Time on a working bus after which a message without a confirmation has no receiver. */
const defaultPatienceMs = 12_000;
/** Maximum time for which a message is sent again, in milliseconds, however long the bus is interrupted. */
const maxRepeatMs = 60_000;

export interface RepeatedMessage {
  /** Sends the message. Rejects when the bus is unavailable. */
  readonly send: () => void | Promise<void>;
  /** Aborts once the message is confirmed. */
  readonly confirmed: AbortSignal;
  /**
   * Time without a confirmation, since the bus was interrupted last, after which the message has no
   * receiver, in milliseconds. With 0, the message is sent once. @default 12000
   */
  readonly patienceMs?: number | undefined;
}

/**
 * The outcome of a message: `confirmed`, `untaken` for one without a receiver, or `interrupted` when
 * the bus did not work for a minute.
 */
export type Delivered = "confirmed" | "untaken" | "interrupted";

export class ConfirmedMessages {
  readonly #waiting = new Set<() => void>();
  /** The number of interruptions so far. */
  #interruptions = 0;

  /** Sends all unconfirmed messages again, because the bus was interrupted and works again. */
  repeat(): void {
    this.#interruptions += 1;
    for (const wake of [...this.#waiting]) wake();
  }

  /** Sends a message until it is confirmed. */
  async deliver(message: RepeatedMessage): Promise<Delivered> {
    const { confirmed } = message;
    const over = linkAbort(confirmed);
    void waitWithTimer(maxRepeatMs, over.signal).then(() => over.abort());
    await this.#sendUntil(over.signal, message);
    const isOver = over.signal.aborted;
    over.abort();
    if (confirmed.aborted) return "confirmed";
    return isOver ? "interrupted" : "untaken";
  }

  /** Sends a message until the signal aborts, or a working bus has had enough time to deliver it. */
  async #sendUntil(
    over: AbortSignal,
    { send, patienceMs = defaultPatienceMs }: RepeatedMessage,
  ): Promise<void> {
    let waitedMs = 0;
    let pauseMs = pace.firstMs;
    if (patienceMs === 0) await settles(send, over);
    while (!over.aborted && waitedMs < patienceMs) {
      const before = this.#interruptions;
      const isSent = await settles(send, over);
      pauseMs = Math.min(pauseMs, patienceMs - waitedMs);
      if (before === this.#interruptions) await this.#pause(pauseMs, over);
      const isInterrupted = !isSent || before !== this.#interruptions;
      waitedMs = isInterrupted ? 0 : waitedMs + pauseMs;
      pauseMs = isInterrupted ? pace.firstMs : Math.min(2 * pauseMs, pace.longestMs);
    }
  }

  /** Waits for a time, until the signal aborts, or until the bus works again. */
  async #pause(ms: number, over: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    if (over.aborted) wake();
    over.addEventListener("abort", wake);
    this.#waiting.add(wake);
    await waitWithTimer(ms, woken.signal);
    this.#waiting.delete(wake);
    over.removeEventListener("abort", wake);
  }
}

/** Resolves to true when the bus has sent the message, and to false when it has not. */
async function settles(send: RepeatedMessage["send"], over: AbortSignal): Promise<boolean> {
  try {
    await unlessAborted(Promise.resolve(send()), over);
    return true;
  } catch {
    return false;
  }
}
