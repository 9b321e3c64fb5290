/** The options of a step, and the tries that they allow. */
import { TransportError } from "../../protocol/transport-error.ts";
import { backoffMs, delay, type Pace } from "../../time/backoff.ts";
import { within } from "../../time/within.ts";

/** The argument of a step's effect. */
export interface StepInfo {
  /**
   * Unique to this step of this exchange, and the same in every try and every round. Pass it to the
   * service that the effect calls, so that the service can recognise a repetition.
   */
  readonly idempotencyKey: string;
  /** Number of this try within the round, from 1. */
  readonly attempt: number;
  /** Aborts with the round, and when the try has timed out. */
  readonly signal: AbortSignal;
}

export interface StepOptions {
  /** Number of further tries after the effect has failed. @default 0 */
  readonly retries?: number;
  /**
   * The pause before the first further try, which doubles with each try up to `maxMs`, in
   * milliseconds. Up to half of each pause is random. @default { baseMs: 1000, maxMs: 60000 }
   */
  readonly backoff?: Partial<Pace>;
  /** Returns false for an error after which no further try makes sense. @default () => true */
  readonly retryIf?: (error: unknown) => boolean;
  /**
   * Maximum duration of one try, in milliseconds. The signal of the try then aborts, and the try
   * counts as failed, even if the effect continues. @default Infinity
   */
  readonly timeoutMs?: number;
}

const defaultPace: Pace = { baseMs: 1000, maxMs: 60_000 };

export interface Tries {
  readonly options: StepOptions;
  /** The signal of the round. A function, because most effects never use it. */
  readonly signal: () => AbortSignal;
  /** Called before each try. Rejects when the round must not cause further effects. */
  readonly confirm: () => void | Promise<void>;
  readonly idempotencyKey: string;
}

/** Checks the options of a step. `name` is the step's. */
export function requireStepOptions(name: string, options: StepOptions): void {
  const { retries = 0, timeoutMs = 1, backoff: { baseMs = 1, maxMs = 1 } = {} } = options;
  const requireThat = (isValid: boolean, option: string, expected: string) => {
    if (!isValid) throw new TypeError(`step "${name}": ${option}: expected ${expected}`);
  };
  requireThat(retries >= 0 && !(retries % 1 > 0), "retries", "an integer of at least 0");
  requireThat(timeoutMs > 0, "timeoutMs", "more than 0");
  requireThat(baseMs >= 0 && maxMs >= 0, "backoff", "0 or more");
}

/** Runs an effect until a try succeeds. Rejects with the error of the last try. */
export async function runTries<T>(
  effect: (info: StepInfo) => T | Promise<T>,
  tries: Tries,
): Promise<T> {
  const { options, signal, confirm } = tries;
  const { retries = 0, retryIf = () => true } = options;
  for (let attempt = 1; ; attempt += 1) {
    const confirmed = confirm();
    if (confirmed !== undefined) await confirmed;
    try {
      return await runTry(effect, tries, attempt);
    } catch (error) {
      if (attempt > retries || !retryIf(error) || signal().aborted) throw error;
    }
    const pace = { ...defaultPace, ...options.backoff };
    await delay(backoffMs(attempt - 1, Math.random, pace), signal());
  }
}

function runTry<T>(
  effect: (info: StepInfo) => T | Promise<T>,
  { options, signal, idempotencyKey }: Tries,
  attempt: number,
): T | Promise<T> {
  const { timeoutMs = Number.POSITIVE_INFINITY } = options;
  if (timeoutMs === Number.POSITIVE_INFINITY) {
    return effect(new UntimedTry(idempotencyKey, attempt, signal));
  }
  const tooLate = () => new TransportError("timeout", `not done within ${timeoutMs} milliseconds`);
  return within({ signal: signal(), ms: timeoutMs, tooLate }, async (tried) =>
    effect({ idempotencyKey, attempt, signal: tried }),
  );
}

/**
 * A try without a time limit. Its signal is created on first access. A class, because V8 retains
 * objects with an accessor in their literal until the next full garbage collection.
 */
class UntimedTry implements StepInfo {
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly #signal: () => AbortSignal;

  constructor(idempotencyKey: string, attempt: number, signal: () => AbortSignal) {
    this.idempotencyKey = idempotencyKey;
    this.attempt = attempt;
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal();
  }
}
