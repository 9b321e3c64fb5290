/** Opens the store and the bus that the replicas of a server share. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Shared } from "lutra/server";
import { CommandError } from "./command-error.ts";
import type { StoreUrls } from "./store-options.ts";

export interface OpenStores {
  /** The argument of `server.share`. */
  readonly shared: Shared;
  /** Releases the tasks of this process to others, and closes files and connections. */
  readonly close: () => Promise<void>;
}

interface Closable {
  readonly close: () => Promise<void>;
}

/** The default: a server keeps its state in memory. */
const memory = "memory:";

/** Thrown for a store that can't be opened. A later start may find the store available. */
export class StoreError extends CommandError {}

/**
 * Opens a store and a bus. Loads only the code that the URLs need.
 *
 * @throws {StoreError} for a store or bus that can't be opened; the message contains no password
 */
export async function openStores({
  store: url = memory,
  bus: busUrl,
}: StoreUrls): Promise<OpenStores> {
  if (url === memory && busUrl === undefined) return { shared: {}, close: async () => {} };
  const { openBus, openStore } = await import("@lutra/stores");
  const opened: Closable[] = [];
  const close = async () => {
    for (const { close } of opened.toReversed()) await close();
  };
  const open = async <T extends Closable>(what: string, opening: () => Promise<T>): Promise<T> => {
    try {
      const one = await opening();
      opened.push(one);
      return one;
    } catch (error) {
      await close();
      const reason = error instanceof Error ? error.message : String(error);
      throw new StoreError(`cannot open the ${what}: ${reason.replace(`${what}: `, "")}`);
    }
  };

  let shared: Shared = {};
  if (url !== memory) {
    createFolder(url);
    const { tasks, handles, replayGuard, events } = await open("store", () => openStore(url));
    shared = { tasks, handles, replayGuard, ...(events && { events }) };
  }
  if (busUrl !== undefined) {
    const { events } = await open("bus", () => openBus(busUrl));
    shared = { ...shared, events };
  }
  return { shared, close };
}

/** Creates the last folder in the path of a SQLite file. A missing parent suggests a wrong path. */
function createFolder(url: string): void {
  if (!url.startsWith("sqlite:")) return;
  try {
    mkdirSync(dirname(url.slice("sqlite:".length)));
  } catch {
    // The folder exists; otherwise opening the store reports the problem.
  }
}
