/** Distinguishes live processes from dead ones on one machine. */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export interface ProcessIdentity {
  /** The scope of `pid`: a boot of a machine, and a namespace of processes. */
  readonly place: string;
  readonly pid: number;
  /** Start time, if known, because a later process may get the same number. */
  readonly started: string;
}

/** Returns the identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const boot = readOr(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = readOr(() => readlinkSync("/proc/self/ns/pid"));
  const place = [hostname(), boot, namespace].join(" ");
  return { place, pid: process.pid, started: startOf(process.pid) ?? "" };
}

/**
 * True for a process that has certainly ended. False for one in another scope, since its number can be
 * that of another process here.
 */
export function hasDied(identity: ProcessIdentity, own: ProcessIdentity): boolean {
  if (identity.place !== own.place) return false;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  const started = startOf(identity.pid);
  return started !== undefined && started !== identity.started;
}

/** Returns the start time in ticks since the boot; "ended" for a process that awaits its parent. */
function startOf(pid: number): string | undefined {
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the program name, which may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0] ?? "", fields[19]];
  return /^[ZX]$/.test(state) ? "ended" : started;
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
