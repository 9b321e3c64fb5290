/** Limits the number of rounds of one tool that run at once in this process. */

/** Waits for a free place of the tool `name`. Resolves to a function that frees the place. */
export type TakeTurn = (name: string, limit: number, signal: AbortSignal) => Promise<() => void>;

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/** Creates a queue for each tool, first in, first out. */
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
        signal.removeEventListener("abort", quit);
        line.running += 1;
        resolve(() => leave(name, line));
      };
      const quit = () => {
        line.waiting.delete(enter);
        reject(signal.reason);
      };
      if (signal.aborted) return quit();
      if (line.running < limit) return enter();
      line.waiting.add(enter);
      signal.addEventListener("abort", quit);
    });
  };
}
