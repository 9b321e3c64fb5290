/** `lutra up`: several replicas of one server on one machine, behind one address. */
import { ConfigError, type ParsedConfig, parseConfig, startGateway } from "@lutra/gateway";
import { addressOf, listenError } from "./address.ts";
import { authenticateOf } from "./callers.ts";
import { CommandError } from "./command-error.ts";
import { type CommandLine, integerOption, listOption } from "./command-line.ts";
import { moduleOf, replicasOf } from "./module-argument.ts";
import { createModuleRunner } from "./module-runner.ts";
import { reportOutputError } from "./output.ts";
import { stopSignal } from "./stop-signal.ts";
import { storeUrlsOf } from "./store-options.ts";

const notice = (text: string) => console.error(`lutra: ${text}`);

export async function up(line: CommandLine): Promise<number> {
  const { runModule, failed } = createModuleRunner(notice);
  const config = configOf(line);
  const authenticate = await authenticateOf(line);
  // The gateway opens its port before it starts a replica, so a port in use is reported at once.
  const options = { modules: runModule, authenticate, onOutputError: reportOutputError };
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
}

/** The name of the only upstream, as it appears in logs and metrics. */
const upstream = "fleet";

function configOf(line: CommandLine): ParsedConfig {
  const isAdmin = line.options.admin !== undefined;
  const port = integerOption(line, "admin", { least: 0, most: 65_535, fallback: 0 });
  const trustedProxies = listOption(line, "trusted-proxy");
  const config = {
    listen: { ...addressOf(line), trustedProxies },
    admin: isAdmin ? { port } : false,
    log: line.options.log ? {} : false,
    // The user starts this server, so its tool annotations can be trusted.
    upstreams: {
      [upstream]: {
        module: moduleOf(line),
        replicas: replicasOf(line),
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

/** Adds the option's name to an error about a trusted proxy. Returns other errors unchanged. */
function proxyError(error: unknown, proxies: readonly string[]): unknown {
  if (!(error instanceof ConfigError)) return error;
  for (const { path, message } of error.problems) {
    const [, index] = /^listen\.trustedProxies\[(\d+)\]$/.exec(path) ?? [];
    if (index === undefined) continue;
    return new CommandError(`--trusted-proxy ${proxies[Number(index)]}: ${message}`, 2);
  }
  return error;
}
