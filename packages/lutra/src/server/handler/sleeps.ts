/** The sleeps of one round. A long sleep ends the round of a task, so that nothing waits in memory. */
import { delay } from "../../time/backoff.ts";
import { HandlerError } from "./handler-error.ts";
import { QuietTimer } from "./quiet-timer.ts";
import { InputPending, type RoundState } from "./round-state.ts";

/**
 * Time without new operations after which sleeps end the round, in milliseconds. Also the minimum
 * that all of them still have to last.
 */
const pauseAfterMs = 1000;

interface Sleep {
  readonly until: number;
  readonly reject: (reason: unknown) => void;
}

export class Sleeps {
  readonly #round: RoundState;
  /** True while steps are running. */
  readonly #isBusy: () => boolean;
  readonly #sleeps = new Map<string, Sleep>();
  readonly #timer = new QuietTimer(pauseAfterMs, () => this.#pauseIfQuiet());
  /** Aborts when the round is aborted and when it has ended, so that no sleep waits any longer. */
  readonly #over = new AbortController();
  readonly #abort = () => this.#over.abort(this.#round.signal.reason);
  /** Number of entries in the history when the last sleep began or the timer was restarted. */
  #entries = 0;
  #wakeAt: number | undefined;

  constructor(round: RoundState, isBusy: () => boolean) {
    this.#round = round;
    this.#isBusy = isBusy;
    if (round.signal.aborted) this.#abort();
    else round.signal.addEventListener("abort", this.#abort);
  }

  /** The time at which the next round starts, when a sleep has ended this one. */
  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  sleep(name: string, ms: number): Promise<void> {
    if (!(ms >= 0)) throw new TypeError(`sleep "${name}": expected 0 or more milliseconds`);
    const round = this.#round;
    if (this.#sleeps.has(name)) {
      return round.refuse(new HandlerError(`sleep "${name}": used twice at the same time`));
    }
    const until = round.settings.now() + ms;
    const own = { start: `sleep ${name}`, until };
    return round.start<void>(own, (resolve, reject) => ({
      runsDuringReplay: false,
      replay: () => resolve(),
      run: (number, start) => {
        this.#sleeps.set(name, { until: start.until ?? until, reject });
        const ended = () => {
          this.#sleeps.delete(name);
          round.history.end(number);
          round.history.deliver(resolve);
        };
        this.#wait(start.until ?? until, start === own).then(ended, reject);
      },
      refuse: reject,
    }));
  }

  /** Called when the handler has ended. */
  end(): void {
    this.#timer.stop();
    this.#round.signal.removeEventListener("abort", this.#abort);
    this.#over.abort();
  }

  async #wait(until: number, isNew: boolean): Promise<void> {
    const { settings, stepLog } = this.#round;
    if (isNew) await this.#round.record({});
    if (stepLog !== undefined) this.#startTimer();
    for (;;) {
      const leftMs = until - settings.now();
      if (leftMs <= 0) return;
      await delay(leftMs, this.#over.signal);
    }
  }

  #startTimer(): void {
    this.#entries = this.#round.history.entries.length;
    this.#timer.start();
  }

  /** Ends the round if the handler waits only for sleeps, none of which ends soon. */
  #pauseIfQuiet(): void {
    if (this.#sleeps.size === 0) return;
    const { settings, stepLog, history } = this.#round;
    const wakeAt = Math.min(...[...this.#sleeps.values()].map(({ until }) => until));
    const isQuiet = !this.#isBusy() && history.entries.length === this.#entries;
    if (!isQuiet || !stepLog?.canPause() || wakeAt - settings.now() < pauseAfterMs) {
      this.#startTimer();
      return;
    }
    this.#wakeAt = wakeAt;
    this.#round.pause();
    for (const { reject } of this.#sleeps.values()) reject(new InputPending("sleeping"));
    this.#over.abort();
  }
}
