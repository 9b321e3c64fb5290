/** Reloads a server module in this process whenever one of its files changes. */
import type { Shared } from "lutra/server";
import {
  createMemoryEventBus,
  createMemoryHandleStore,
  createMemoryReplayGuard,
  createMemoryTaskStore,
} from "lutra/stores";
import { filesImported } from "./modules/import-module.ts";
import { notice } from "./notice.ts";
import { reportKept, watchFiles } from "./reload.ts";
import { loadReloadable, type ServedModule } from "./reloadable-server.ts";

/**
 * Loads a module, and loads it again when it or a local module that it imports changes. State in
 * memory that a server can share is kept across versions.
 *
 * @throws {CommandError} if the module can't be loaded for the first time
 */
export async function watchModule(module: string): Promise<ServedModule> {
  const server = await loadReloadable(module);
  const watched = watchFiles(filesImported, () =>
    reported(module, async () => {
      await server.reload();
      server.announce();
    }),
  );
  const kept = keptState();
  return {
    ...server,
    share: (shared) => server.share({ ...kept, ...shared }),
    close: () => {
      watched.close();
      return server.close();
    },
  };
}

/** Reports the outcome of a reload. Does not reject. */
async function reported(module: string, reload: () => Promise<void>): Promise<void> {
  try {
    await reload();
    notice(`${module}: reloaded`);
  } catch (error) {
    reportKept(module, error instanceof Error ? error.message : String(error), notice);
  }
}

/** The state that a server would otherwise create for itself, once for each version. */
function keptState(): Shared {
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  return {
    keys: [{ id: "watch", secret }],
    events: createMemoryEventBus(),
    handles: createMemoryHandleStore(),
    replayGuard: createMemoryReplayGuard(),
    tasks: createMemoryTaskStore(),
  };
}
