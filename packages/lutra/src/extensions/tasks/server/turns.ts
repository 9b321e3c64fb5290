/** Limits how many runs of one tool go on at once. */

/** Waits for a turn; resolves to what gives it back. */
export type TakeTurn = (name: string, limit: number, signal: AbortSignal) => Promise<() => void>;

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/** Turns by name, first come, first served. */
export function createTurns(): TakeTurn {
  const lines = new Map<string, Line>();

  function leave(name: string, line: Line): void {
    line.running -= 1;
    const [next] = line.waiting;
    if (next !== undefined) next();
    else if (line.running === 0) lines.delete(name);
  }

  return (name, limit, signal) => {
    const line = lines.get(name) ?? { running: 0, waiting: new Set() };
    lines.set(name, line);
    return new Promise((resolve, reject) => {
      const enter = () => {
        line.waiting.delete(enter);
        signal.removeEventListener("abort", give);
        line.running += 1;
        resolve(() => leave(name, line));
      };
      const give = () => {
        line.waiting.delete(enter);
        reject(signal.reason);
      };
      if (signal.aborted) return give();
      if (line.running < limit) return enter();
      line.waiting.add(enter);
      signal.addEventListener("abort", give);
    });
  };
}
