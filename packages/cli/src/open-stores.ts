/** Opens what the replicas of a server share, in the process of one of them. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Shared } from "lutra/server";
import { CommandError } from "./command-error.ts";
import type { StoreUrls } from "./store-options.ts";

export interface OpenStores {
  /** For `server.share`. */
  readonly shared: Shared;
  /** Hands over what this process runs, and lets go of files and connections. */
  readonly close: () => Promise<void>;
}

interface Closable {
  readonly close: () => Promise<void>;
}

/** Memory is what a server has anyway. */
const memory = "memory:";

/** A store that can't be opened: wrong at a first start, later perhaps only away for a while. */
export class StoreError extends CommandError {}

/**
 * Opens a store and a bus. What is not named is not loaded.
 *
 * @throws {StoreError} for what can't be opened, without passwords
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
    makeFolder(url);
    const { tasks, handles, replayGuard, events } = await open("store", () => openStore(url));
    shared = { tasks, handles, replayGuard, ...(events && { events }) };
  }
  if (busUrl !== undefined) {
    const { events } = await open("bus", () => openBus(busUrl));
    shared = { ...shared, events };
  }
  return { shared, close };
}

/** Makes the one folder that a file of state may be given: more are missing where a path is wrong. */
function makeFolder(url: string): void {
  if (!url.startsWith("sqlite:")) return;
  try {
    mkdirSync(dirname(url.slice("sqlite:".length)));
  } catch {
    // It is there already; otherwise the store says what is wrong.
  }
}
