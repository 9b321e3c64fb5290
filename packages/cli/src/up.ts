/** `lutra up`: several replicas of one server on one machine, behind one address. */
import {
  ConfigError,
  type Gateway,
  type GatewayOptions,
  type ParsedConfig,
  parseConfig,
  startGateway,
} from "@lutra/gateway";
import { type AccessRules, accessOf, addressOf, lameDuckOf } from "./address.ts";
import { authenticateOf } from "./callers.ts";
import { CommandError } from "./command-error.ts";
import { type CommandLine, integerOption, listOption } from "./command-line.ts";
import { gatewayListenError } from "./gateway-listen-error.ts";
import { moduleOf, replicasOf } from "./module-argument.ts";
import { createModuleRunner } from "./module-runner.ts";
import { notice } from "./notice.ts";
import { reportOutputError } from "./output.ts";
import { processesOf } from "./processes-option.ts";
import { startProcesses } from "./start-processes.ts";
import { stopSignal } from "./stop-signal.ts";
import { storeUrlsOf } from "./store-options.ts";
import { terminalLogFor } from "./terminal-log.ts";
import { startTracing } from "./tracing.ts";
import { versionsOf } from "./version-options.ts";
import { reportCalls } from "./waiting.ts";
import { warnIfOpen } from "./warn-if-open.ts";

/** The settings that error messages about addresses name. */
const settings = {
  listen: { host: "--host", port: "--port" },
  admin: { host: "--admin", port: "--admin" },
};

export async function up(line: CommandLine): Promise<number> {
  const labelOf = (_upstream: string, replica: string) => replica;
  const { runModule, failed: modulesFailed } = createModuleRunner({
    notice,
    labelOf,
    watch: line.options.watch === true,
  });
  const config = configOf(line, { ...(await accessOf(line)), ...(await versionsOf(line)) });
  const authenticate = await authenticateOf(line);
  // The gateway opens its port before it starts a replica, so a port in use is reported at once.
  const { gateway, failed, close } = await start(line, config, {
    modules: runModule,
    authenticate,
    logStream: terminalLogFor(process.stdout, (_upstream, replica) => `[${replica}]`),
    onOutputError: reportOutputError,
    onDrain: reportCalls,
  }).catch((error: unknown) => {
    throw gatewayListenError(error, settings);
  });
  const stopped = stopSignal();
  try {
    const ready = gateway.ready().then(() => undefined);
    const code = await Promise.race([ready, stopped, failed, modulesFailed]);
    if (code !== undefined) return code;
    warnIfOpen(gateway, authenticate !== undefined, "--token-file or --auth");
    if (gateway.adminUrl !== undefined) notice(`health and metrics on ${gateway.adminUrl}`);
    if (gateway.consoleUrl !== undefined) notice(`console on ${gateway.consoleUrl}`);
    console.log(`listening on ${gateway.url}`);
    return await Promise.race([stopped, failed, modulesFailed]);
  } finally {
    await close();
  }
}

interface Started {
  readonly gateway: Gateway;
  /** Never resolves. Rejects when the processes of the gateway die repeatedly. */
  readonly failed: Promise<never>;
  readonly close: () => Promise<void>;
}

/** Starts the gateway in this process, or in several. */
async function start(
  line: CommandLine,
  config: ParsedConfig,
  options: GatewayOptions,
): Promise<Started> {
  const processes = processesOf(line);
  if (processes > 1) {
    const gateway = await startProcesses(config, processes, { ...options, argument: { line } });
    return { gateway, failed: gateway.failed, close: gateway.close };
  }
  const tracing = await startTracing({ info: { name: "lutra-gateway" } });
  const isTraced = tracing !== undefined;
  const gateway = await startGateway(config, { ...options, tracing: isTraced, console: true });
  const close = async () => {
    await gateway.close();
    await tracing?.close();
  };
  return { gateway, failed: new Promise(() => {}), close };
}

/** The name of the only upstream, as it appears in logs and metrics. */
const upstream = "fleet";

function configOf(
  line: CommandLine,
  listening: AccessRules & { readonly versions?: readonly string[] },
): ParsedConfig {
  const isAdmin = line.options.admin !== undefined;
  const port = integerOption(line, "admin", { least: 0, most: 65_535, fallback: 0 });
  const trustedProxies = listOption(line, "trusted-proxy");
  const config = {
    listen: { ...addressOf(line), ...listening, trustedProxies },
    admin: isAdmin ? { port } : false,
    log: line.options.log ? {} : false,
    ...lameDuckOf(line),
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
