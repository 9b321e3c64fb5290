/** `lutra up`: a fleet on one machine, behind one address. */
import { addressOf, addressOptions, listenError } from "./address.ts";
import { type Command, integerOption } from "./command-line.ts";
import { startDispatcher } from "./dispatcher.ts";
import { moduleArgument, moduleOf } from "./module-argument.ts";
import { stopSignal } from "./stop-signal.ts";
import { startReplicas } from "./supervisor.ts";

const maxReplicas = 64;

export const up: Command = {
  name: "up",
  summary: "Serves several replicas of one server behind one address.",
  details:
    "Starts replicas of the server that <module> (JavaScript or TypeScript) exports by default,\n" +
    "each in a process of its own, and hands requests to them in turn. A replica that dies is\n" +
    "started again. The MCP endpoint is /mcp. Ctrl-C ends the fleet gracefully.",
  arguments: [moduleArgument],
  options: {
    replicas: { placeholder: "N", description: "How many. Default: 3" },
    ...addressOptions,
  },
  run: async (line) => {
    const address = addressOf(line);
    const range = { least: 1, most: maxReplicas, fallback: 3 };
    const replicas = integerOption(line, "replicas", range);
    // The address comes first: when it is taken, that is known before anything is loaded.
    const dispatcher = await startDispatcher(address).catch((error: unknown) => {
      throw listenError(error, address);
    });
    const supervisor = startReplicas({
      module: moduleOf(line),
      replicas,
      isLocal: dispatcher.isLocal,
      onReady: dispatcher.add,
      notice: (text) => console.error(`lutra: ${text}`),
    });
    const stopped = stopSignal();
    try {
      const isReady = await Promise.race([
        supervisor.ready.then(() => true),
        stopped.then(() => false),
      ]);
      if (isReady) {
        console.log(`listening on ${dispatcher.url}`);
        await Promise.race([stopped, supervisor.failed]);
      }
      return 0;
    } finally {
      const drained = dispatcher.close();
      supervisor.drain();
      await drained;
      await supervisor.stop();
    }
  },
};
