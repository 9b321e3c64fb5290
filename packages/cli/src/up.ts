/** `lutra up`: a fleet on one machine, behind one address. */
import { ConfigError, type ParsedConfig, parseConfig, startGateway } from "@lutra/gateway";
import { addressOf, addressOptions, listenError } from "./address.ts";
import { CommandError } from "./command-error.ts";
import { type Command, type CommandLine, integerOption, listOption } from "./command-line.ts";
import { moduleArgument, moduleOf } from "./module-argument.ts";
import { createModuleRunner } from "./module-runner.ts";
import { noteOutputError } from "./output.ts";
import { stopSignal } from "./stop-signal.ts";
import { busOption, storeUrlsOf } from "./store-options.ts";

const notice = (text: string) => console.error(`lutra: ${text}`);

const maxReplicas = 64;
export const up: Command = {
  name: "up",
  summary: "Serves several replicas of one server behind one address.",
  details:
    "Starts replicas of the server that <module> (JavaScript or TypeScript) exports by default,\n" +
    "each in a process of its own, and a gateway that hands requests to them in turn. A replica\n" +
    "that dies is started again. The MCP endpoint is /mcp. Ctrl-C ends the fleet gracefully.",
  arguments: [moduleArgument],
  options: {
    replicas: { placeholder: "N", description: "How many. Default: 3" },
    ...addressOptions,
    store: {
      placeholder: "URL",
      description:
        "Where tasks and handles are: sqlite:./state.db, postgres: or memory:. Default: a temporary file",
    },
    bus: busOption,
    admin: {
      placeholder: "P",
      description: "Where health and metrics are; 0 picks a free port. Default: nowhere",
    },
    "trusted-proxy": {
      placeholder: "A",
      description:
        "A proxy in front, by address or range, whose X-Forwarded-* are believed. Several times for more",
      isRepeatable: true,
    },
    log: { description: "Prints a line of JSON for each request." },
  },
  run: async (line) => {
    const { modules, failed } = createModuleRunner(notice);
    const config = configOf(line);
    // The address comes first: when it is taken, that is known before anything is loaded.
    const options = { modules, onOutputError: noteOutputError };
    const gateway = await startGateway(config, options).catch((error: unknown) => {
      throw listenError(error, addressOf(line));
    });
    const stopped = stopSignal();
    try {
      const ready = gateway.ready().then(() => undefined);
      const code = await Promise.race([ready, stopped, failed]);
      if (code !== undefined) return code;
      if (gateway.adminUrl !== undefined) notice(`health and metrics on ${gateway.adminUrl}`);
      console.log(`listening on ${gateway.url}`);
      return await Promise.race([stopped, failed]);
    } finally {
      await gateway.close();
    }
  },
};

/** The name of the one upstream, which nobody sees. */
const upstream = "fleet";

function configOf(line: CommandLine): ParsedConfig {
  const range = { least: 1, most: maxReplicas, fallback: 3 };
  const replicas = integerOption(line, "replicas", range);
  const isAdmin = line.options.admin !== undefined;
  const port = integerOption(line, "admin", { least: 0, most: 65_535, fallback: 0 });
  const trustedProxies = listOption(line, "trusted-proxy");
  const config = {
    listen: { ...addressOf(line), trustedProxies },
    admin: isAdmin ? { port } : false,
    log: line.options.log ? {} : false,
    // Whose server it is may be believed what it says of its own tools.
    upstreams: {
      [upstream]: {
        module: moduleOf(line),
        replicas,
        ...storeUrlsOf(line),
        retries: { trustAnnotations: true },
      },
    },
  };
  try {
    return parseConfig(config);
  } catch (error) {
    throw proxyError(error, trustedProxies);
  }
}

/** Says in the words of the command line which proxy can't be one. Other errors stay as they are. */
function proxyError(error: unknown, proxies: readonly string[]): unknown {
  if (!(error instanceof ConfigError)) return error;
  for (const { path, message } of error.problems) {
    const [, index] = /^listen\.trustedProxies\[(\d+)\]$/.exec(path) ?? [];
    if (index === undefined) continue;
    return new CommandError(`--trusted-proxy ${proxies[Number(index)]}: ${message}`, 2);
  }
  return error;
}
