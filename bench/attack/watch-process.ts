/** The measurement inside the attacked process. */
import { readFileSync } from "node:fs";

export interface Watched {
  /** The longest pause of the event loop, in milliseconds. */
  readonly pauseMs: number;
  /** The highest resident memory above that at the start, in bytes. */
  readonly grownBytes: number;
}

/**
 * Begins to measure this process. Returns a function that ends the measurement.
 *
 * A pause is counted in the time of the clock or of the processor, whichever is shorter, so that it
 * does not contain the time in which the machine ran other programs.
 */
export function watchProcess(): () => Watched {
  const startBytes = process.memoryUsage.rss();
  let pauseMs = 0;
  let last = now();
  const look = () => {
    const next = now();
    pauseMs = Math.max(pauseMs, Math.min(next.ms - last.ms, next.cpuMs - last.cpuMs));
    last = next;
  };
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return { pauseMs, grownBytes: Math.max(0, peakBytes() - startBytes) };
  };
}

function now(): { readonly ms: number; readonly cpuMs: number } {
  const { user, system } = process.cpuUsage();
  return { ms: performance.now(), cpuMs: (user + system) / 1000 };
}

/** Reads the peak of this process. The peak that Node reports can be that of the parent process. */
function peakBytes(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
