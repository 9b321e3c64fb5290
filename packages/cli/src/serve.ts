/** `lutra serve`: one server in one process, over HTTP or stdio. */
import { serveHttp, serveStdio } from "lutra/node";
import { addressOf, addressOptions, listenError } from "./address.ts";
import type { Command } from "./command-line.ts";
import { loadServer } from "./load-server.ts";
import { moduleArgument, moduleOf } from "./module-argument.ts";
import { stopSignal } from "./stop-signal.ts";

export const serve: Command = {
  name: "serve",
  summary: "Serves one server in this process, over HTTP or stdio.",
  details:
    "Serves the server that <module> (JavaScript or TypeScript) exports by default.\n" +
    "The MCP endpoint is /mcp. Ctrl-C ends it gracefully.",
  arguments: [moduleArgument],
  options: {
    ...addressOptions,
    stdio: { description: "Speaks over standard input and output instead of HTTP." },
  },
  run: async (line) => {
    const module = moduleOf(line);
    if (line.options.stdio) return await serveOverStdio(module);
    const address = addressOf(line);
    const server = await loadServer(module);
    const endpoint = await serveHttp(server, address).catch((error: unknown) => {
      throw listenError(error, address);
    });
    const stopped = stopSignal();
    console.log(`listening on ${endpoint.url}`);
    await stopped;
    await endpoint.close();
    return 0;
  },
};

async function serveOverStdio(module: string): Promise<number> {
  const server = await quietly(() => loadServer(module));
  const { closed, close } = serveStdio(server);
  void stopSignal().then(close);
  await closed;
  return 0;
}

/** Standard output carries messages only, so what a module writes while it loads goes elsewhere. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { stdout, stderr } = process;
  const { write } = stdout;
  stdout.write = stderr.write.bind(stderr);
  try {
    return await run();
  } finally {
    stdout.write = write;
  }
}
