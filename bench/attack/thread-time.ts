/** The time of this thread on a processor. */
import { readFileSync } from "node:fs";

/**
 * Returns the time that the main thread has run, in milliseconds. On systems other than Linux, that of
 * all threads of the process.
 */
export function threadMs(): number {
  if (process.platform === "linux") {
    const [nanoseconds] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ", 1);
    return Number(nanoseconds) / 1e6;
  }
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
