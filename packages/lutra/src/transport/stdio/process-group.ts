/**
 * The processes of one server: the process that was started, often a shell or a launcher such as
 * `npx`, and those that it has started.
 *
 * @spec basic/transports/stdio#shutdown
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const isWindows = process.platform === "win32";

/**
 * The option of `spawn` that gives a process a group of its own, whose id is that of the process.
 * Windows has no groups. A detached process there would get a window.
 */
export const groupOptions: { readonly detached: boolean } = { detached: !isWindows };

/** Returns true while a process of the group runs. On Windows, returns false. */
export function isGroupAlive(pid: number): boolean {
  if (isWindows) return false;
  try {
    process.kill(-pid, 0);
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "EPERM";
  }
  return process.platform !== "linux" || hasRunningMember(pid);
}

/**
 * Returns true unless all processes of the group have ended and wait for their parent. In a container
 * without an init process, those whose parent has exited remain indefinitely.
 */
function hasRunningMember(group: number): boolean {
  try {
    return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isRunningIn(group, name));
  } catch {
    return true;
  }
}

function isRunningIn(group: number, pid: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in parentheses, may contain any characters.
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(pgrp) === group && state !== "Z" && state !== "X";
  } catch {
    // The process has just ended.
    return false;
  }
}

/**
 * Sends a signal to all processes of the group. On Windows, ends the process and those that it has
 * started, whatever the signal, because they can't be asked to end.
 */
export function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  if (isWindows) {
    const args = ["/pid", String(pid), "/t", "/f"];
    spawn("taskkill", args, { stdio: "ignore", windowsHide: true }).on("error", () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // All of them have exited, or run as another user.
  }
}
