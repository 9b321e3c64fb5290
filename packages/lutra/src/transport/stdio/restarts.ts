/**
 * How often, and how soon, a server process that died is started again.
 *
 * @spec basic/transports/stdio#unexpected-termination
 */

export interface RestartOptions {
  /** How many restarts `windowMs` may see. @default 5 */
  readonly max?: number;
  /** Exits that lie further back are forgotten. @default 30_000 */
  readonly windowMs?: number;
  /**
   * How long the second restart of a window waits; each further one waits twice as long, at most
   * 5 seconds. The first is immediate. @default 100
   */
  readonly delayMs?: number;
  /** Milliseconds of a clock that only runs forward. @default performance.now */
  readonly now?: () => number;
}

export interface Restarts {
  /** Notes that the process has exited. */
  readonly record: () => void;
  /** How long to wait before the next start; `undefined` when there were too many. */
  readonly nextDelayMs: () => number | undefined;
}

const maxDelayMs = 5000;

/** @throws {TypeError} for an option that makes no sense */
export function createRestarts(options: RestartOptions = {}): Restarts {
  const { max = 5, windowMs = 30_000, delayMs = 100, now = () => performance.now() } = options;
  if (!(max >= 0)) throw new TypeError("restarts.max: expected a number that is not negative");
  if (!(windowMs > 0)) throw new TypeError("restarts.windowMs: expected milliseconds");
  if (!(delayMs >= 0)) throw new TypeError("restarts.delayMs: expected milliseconds");
  let exits: number[] = [];

  return {
    record: () => void exits.push(now()),
    nextDelayMs: () => {
      const start = now() - windowMs;
      exits = exits.filter((at) => at > start);
      if (exits.length > max) return undefined;
      return exits.length < 2 ? 0 : Math.min(delayMs * 2 ** (exits.length - 2), maxDelayMs);
    },
  };
}
