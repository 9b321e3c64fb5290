/**
 * Limits and pauses for restarts of a server process.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */
import { backoffMs } from "../../time/backoff.ts";

export interface RestartOptions {
  /** Maximum number of restarts within `windowMs`. @default 5 */
  readonly max?: number;
  /** Time after which an exit no longer counts, in milliseconds. @default 30_000 */
  readonly windowMs?: number;
  /**
   * Pause before the second restart within `windowMs`, in milliseconds. It doubles with each further
   * one, up to 5 seconds. The first restart is immediate. @default 100
   */
  readonly delayMs?: number;
  /** Milliseconds of a monotonic clock. @default performance.now */
  readonly now?: () => number;
}

export interface Restarts {
  /** Records that the process has exited. */
  readonly record: () => void;
  /** Returns the pause before the next start, or `undefined` when there were too many. */
  readonly nextDelayMs: () => number | undefined;
  /** Returns true if the process may exit now and be started again. */
  readonly mayRestart: () => boolean;
  /** Returns the time until `nextDelayMs` permits a start, in milliseconds; 0 if it does. */
  readonly blockedMs: () => number;
  /** The limits in words, for error messages. */
  readonly limits: string;
}

const maxDelayMs = 5000;

/** One client restarts one process, so the pause needs no jitter. */
const noJitter = () => 0;

/** @throws {TypeError} for an invalid option */
export function createRestarts(options: RestartOptions = {}): Restarts {
  const { max = 5, windowMs = 30_000, delayMs = 100, now = () => performance.now() } = options;
  if (!(max >= 0)) throw new TypeError("restarts.max: expected a number, 0 or more");
  if (!(windowMs > 0)) throw new TypeError("restarts.windowMs: expected milliseconds");
  if (!(delayMs >= 0)) throw new TypeError("restarts.delayMs: expected milliseconds, 0 or more");
  const pace = { baseMs: delayMs, maxMs: maxDelayMs };
  let exits: number[] = [];

  function recentExits(): readonly number[] {
    const start = now() - windowMs;
    exits = exits.filter((at) => at > start);
    return exits;
  }

  return {
    record: () => void exits.push(now()),
    nextDelayMs: () => {
      const { length } = recentExits();
      if (length > max) return undefined;
      return length < 2 ? 0 : backoffMs(length - 2, noJitter, pace);
    },
    mayRestart: () => recentExits().length < max,
    blockedMs: () => {
      const recent = recentExits();
      // All exits before this one, and it, must have left the window.
      const last = recent[recent.length - 1 - Math.floor(max)];
      return last === undefined ? 0 : last + windowMs - now();
    },
    limits: `${max} times within ${windowMs / 1000} s`,
  };
}
