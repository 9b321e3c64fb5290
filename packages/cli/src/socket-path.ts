/**
 * Where replicas listen: sockets in a folder that only this user can enter, so that nobody gets
 * past the dispatcher. What a fleet keeps that has no store of its own is there, too.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { randomId } from "lutra/server";

/** Makes the folder for the sockets of one fleet. */
export function createSocketFolder(): string {
  return mkdtempSync(join(tmpdir(), "lutra-"));
}

/** Windows has named pipes in a place of their own instead of sockets in the file system. */
export function socketPathIn(folder: string, name: string): string {
  if (process.platform !== "win32") return join(folder, name);
  return `\\\\.\\pipe\\lutra-${process.pid}-${name}-${randomId()}`;
}

/** Removes the socket of a process that has ended. */
export function removeSocket(socketPath: string): void {
  // Windows removes pipes by itself.
  if (process.platform !== "win32") rmSync(socketPath, { force: true });
}

const stateFile = "state.db";

/** The URL of a store that is gone with the folder. */
export function storeIn(folder: string): string {
  return `sqlite:${join(folder, stateFile)}`;
}

/** Removes the folder of a socket, unless others still use it. */
export function removeAbandonedFolder(socketPath: string): void {
  if (process.platform === "win32") return;
  const folder = dirname(socketPath);
  try {
    const isUsed = readdirSync(folder).some((name) => !name.startsWith(stateFile));
    if (!isUsed) rmSync(folder, { recursive: true });
  } catch {
    // The last one to end removes it.
  }
}
