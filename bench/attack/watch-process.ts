/** The measurement inside the attacked process. */
import { readFileSync } from "node:fs";
import { threadMs } from "./thread-time.ts";

export interface Watched {
  /** The longest pause of the event loop, in milliseconds on a processor. */
  readonly pauseMs: number;
  /** The longest pause by the clock, in milliseconds. */
  readonly clockMs: number;
  /** The highest resident memory above that at the start, in bytes. */
  readonly grownBytes: number;
}

/**
 * Begins to measure this process. Returns a function that ends the measurement.
 *
 * A pause is counted in the time that its thread ran, so that it does not contain the time in which
 * the machine ran other programs. The pause by the clock contains it.
 */
export function watchProcess(): () => Watched {
  const startBytes = process.memoryUsage.rss();
  let pauseMs = 0;
  let clockMs = 0;
  let last = now();
  const look = () => {
    const next = now();
    pauseMs = Math.max(pauseMs, next.ranMs - last.ranMs);
    clockMs = Math.max(clockMs, next.ms - last.ms);
    last = next;
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return { pauseMs, clockMs, grownBytes: Math.max(0, peakBytes() - startBytes) };
  };
}

function now(): { readonly ms: number; readonly ranMs: number } {
  return { ms: performance.now(), ranMs: threadMs() };
}

/** Reads the peak of this process. The peak that Node reports can be that of the parent process. */
function peakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
