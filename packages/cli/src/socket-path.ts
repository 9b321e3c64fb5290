/**
 * The sockets that replicas listen on. They are in a folder that only the current user can access, so
 * that other users must use the gateway. The folder also contains the temporary store of a group.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { randomId } from "lutra/server";

/** Creates the folder for the sockets of one group of replicas. */
export function createSocketFolder(): string {
  return mkdtempSync(join(tmpdir(), "lutra-"));
}

/** Returns the path of a socket. On Windows it is a named pipe, which is not in the file system. */
export function socketPathIn(folder: string, name: string): string {
  if (process.platform !== "win32") return join(folder, name);
  return `\\\\.\\pipe\\lutra-${process.pid}-${name}-${randomId()}`;
}

/** Removes the socket of a process that has ended. */
export function removeSocket(socketPath: string): void {
  // Windows removes pipes itself.
  if (process.platform !== "win32") rmSync(socketPath, { force: true });
}

const stateFile = "state.db";

/** Returns the URL of a temporary store, which is removed with the folder. */
export function storeIn(folder: string): string {
  return `sqlite:${join(folder, stateFile)}`;
}

/** Removes the folder of a socket, unless other replicas still use it. */
export function removeAbandonedFolder(socketPath: string): void {
  if (process.platform === "win32") return;
  const folder = dirname(socketPath);
  try {
    const isUsed = readdirSync(folder).some((name) => !name.startsWith(stateFile));
    if (!isUsed) rmSync(folder, { recursive: true });
  } catch {
    // Another replica has removed it.
  }
}
