/** One of several processes of `lutra gateway` or `lutra up`. */
import { type ProcessOptions, runGatewayProcess } from "@lutra/gateway";
import { authenticateOf } from "./callers.ts";
import type { CommandLine } from "./command-line.ts";
import { untilLoaded } from "./loading.ts";
import { importAgain } from "./modules/import-module.ts";
import { openEraStore } from "./open-era-store.ts";
import { openShared } from "./open-shared.ts";
import { openStores } from "./open-stores.ts";
import { watchOutput } from "./output.ts";
import { startTracing } from "./tracing.ts";

/** The argument of the program. */
export interface ProcessArgument {
  /** The command line of `lutra up`, whose options name the callers. */
  readonly line?: CommandLine | undefined;
  /** The URL of the event bus of the configuration. */
  readonly bus?: string | undefined;
}

async function optionsOf({ line, bus }: ProcessArgument, name: string): Promise<ProcessOptions> {
  // The supervisor reports missing packages, once for all processes.
  const tracing = await startTracing({ info: { name } }, { notice: () => {} });
  const { shared, close } = await openStores({ bus });
  return {
    events: shared.events,
    authenticate: line && (await authenticateOf(line)),
    tracing: tracing !== undefined,
    openShared,
    openStore: openEraStore,
    importModule: (path) => untilLoaded(path, importAgain(path)),
    close: async () => {
      await close();
      await tracing?.close();
    },
  };
}

watchOutput();
runGatewayProcess((argument, name) => optionsOf(argument as ProcessArgument, name));
