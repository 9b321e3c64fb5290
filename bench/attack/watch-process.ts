/** The measurement inside the attacked process. */
import { readFileSync } from "node:fs";

export interface Watched {
  /** The longest pause of the event loop, in milliseconds. */
  readonly pauseMs: number;
  /** The highest resident memory above that at the start, in bytes. */
  readonly grownBytes: number;
}

/** Begins to measure this process. Returns a function that ends the measurement. */
export function watchProcess(): () => Watched {
  const startBytes = process.memoryUsage.rss();
  let pauseMs = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    pauseMs = Math.max(pauseMs, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return { pauseMs, grownBytes: Math.max(0, peakBytes() - startBytes) };
  };
}

/** Reads the peak of this process. The peak that Node reports can be that of the parent process. */
function peakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
