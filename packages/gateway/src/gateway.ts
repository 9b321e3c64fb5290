/** The gateway as a whole: it listens, reloads and ends. */
import { httpRules, listenHttp } from "lutra/internal";
import { atPath, type HttpEndpoint } from "lutra/node";
import type { Method } from "lutra/protocol";
import { taskMethods } from "lutra/tasks";
import { type AdminOptions, startAdmin } from "./admin/admin.ts";
import { createMetrics, type Metrics } from "./admin/metrics.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { hideSecrets } from "./config/hide-secrets.ts";
import { type ParsedConfig, parseConfig } from "./config/parse-config.ts";
import type { ConfigInput } from "./config/schema.ts";
import { type Authenticate, createHandler } from "./handler.ts";
import { createPeers } from "./head/peers.ts";
import { type AccessLog, createAccessLog, type LogStream } from "./log/access-log.ts";
import { RunningConfig, readyMsOf } from "./running-config.ts";
import type { RunModule } from "./upstreams/module-upstream.ts";
import type { UpstreamStatus } from "./upstreams/upstream.ts";

export interface GatewayOptions {
  /** Runs server modules in processes; needed where the configuration names some. */
  readonly modules?: RunModule | undefined;
  /** Finds out who calls. @default nobody */
  readonly authenticate?: Authenticate | undefined;
  /**
   * Methods of extensions, so that they are routed and checked as those of the core are.
   *
   * @default those of `lutra/tasks`
   */
  readonly methods?: readonly Method[] | undefined;
  /** Where the access log goes in place of what the configuration says. */
  readonly logStream?: LogStream | undefined;
  /** Hears why standard output can't be written to, where the access log goes there. */
  readonly onOutputError?: ((error: Error) => void) | undefined;
  /** Hears in one line what happens. @default writes to standard error */
  readonly notice?: ((line: string) => void) | undefined;
}

export interface Gateway {
  /** Where the MCP endpoint is. */
  readonly url: string;
  /** Where operators look; absent where the configuration wants none. */
  readonly adminUrl: string | undefined;
  /**
   * Resolves when each of these upstreams has a replica that answers, or has had its time: 5 s, and
   * 2 minutes for modules, which are started with it. Says whether all answer.
   *
   * @param names Of the upstreams. By default all
   */
  readonly ready: (names?: readonly string[]) => Promise<boolean>;
  readonly upstreams: () => readonly UpstreamStatus[];
  /**
   * Takes another configuration without dropping a request. Upstreams that it leaves as they are go
   * on; subscriptions end with their graceful result.
   *
   * @throws {ConfigError} for one that can't be used; the old one stays in force
   * @throws {TypeError} for a change of sockets or of the log; the old one stays in force
   */
  readonly reload: (next: ConfigInput | ParsedConfig) => Promise<void>;
  /**
   * Stops accepting, ends subscriptions with their graceful result, lets exchanges finish for as
   * long as `drainMs` says, and frees everything.
   */
  readonly close: () => Promise<void>;
}

/**
 * Starts a gateway. It answers at once, with 503 for upstreams that are not ready.
 *
 * @throws {ConfigError} for a configuration that can't be used
 * @example
 * ```ts
 * const gateway = await startGateway({
 *   upstreams: { places: { url: ["http://10.0.0.1:3000/mcp", "http://10.0.0.2:3000/mcp"] } },
 * });
 * console.log(gateway.url);
 * ```
 */
export async function startGateway(
  input: ConfigInput | ParsedConfig,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const { notice = (line) => console.error(`lutra: ${line}`), methods = taskMethods } = options;
  const first = parsed(input);
  const log = createAccessLog(
    first.config.log,
    onLogError(first.config, { ...options, notice }),
    options.logStream,
  );
  // A taken port is known before anything is started for it. Nobody is served before all is there.
  let running: RunningConfig | undefined;
  const now = () => running as RunningConfig;
  const metrics = createMetrics({
    methods,
    upstreams: () => statuses(now()),
    cache: () => now().caching?.stats(),
  });
  const sockets = await openSockets(first.config, { now, options, notice, log, metrics });
  try {
    running = new RunningConfig(first, { ...options, methods, notice });
  } catch (error) {
    await sockets.close();
    throw error;
  }
  return {
    url: `${sockets.endpoint.url}${first.config.listen.path}`,
    adminUrl: sockets.admin?.url,
    ready: async (names) => {
      const { upstreams, config } = now();
      const asked = upstreams.filter(({ name }) => names === undefined || names.includes(name));
      const all = asked.map((one) => one.ready(readyMsOf(config.upstreams[one.name])));
      return (await Promise.all(all)).every(Boolean);
    },
    upstreams: () => statuses(now()),
    reload: async (next) => {
      await now().replace(parsed(next));
      sockets.judgeBy(now().config);
    },
    close: async () => {
      await sockets.close();
      await now().close();
      // Exchanges that were cut off are noted once their connections have closed.
      await new Promise((resolve) => setImmediate(resolve));
      await log?.flush();
    },
  };
}

/** Says it once, however many lines can't be written. */
function onLogError(
  { log }: CompleteConfig,
  { notice, onOutputError }: Pick<GatewayOptions, "onOutputError"> & Pick<Parts, "notice">,
): (error: Error) => void {
  let isTold = false;
  return (error) => {
    if (log !== false && log.file === undefined) onOutputError?.(error);
    if (!isTold) notice(`the access log can't be written: ${error.message}`);
    isTold = true;
  };
}

function parsed(input: ConfigInput | ParsedConfig): ParsedConfig {
  return "config" in input ? input : parseConfig(input);
}

function statuses({ upstreams }: RunningConfig): readonly UpstreamStatus[] {
  return upstreams.map((upstream) => upstream.status());
}

interface Sockets {
  readonly endpoint: HttpEndpoint;
  readonly admin: HttpEndpoint | undefined;
  /** From now on requests are judged, and the end is bounded, by these settings. */
  readonly judgeBy: (config: CompleteConfig) => void;
  readonly close: () => Promise<void>;
}

interface Parts {
  readonly now: () => RunningConfig;
  readonly options: GatewayOptions;
  readonly notice: (line: string) => void;
  readonly log: AccessLog | undefined;
  readonly metrics: Metrics;
}

async function openSockets(config: CompleteConfig, parts: Parts) {
  const { listen, admin } = config;
  const { host, port, path } = listen;
  let isClosing = false;
  let judge = createHandler(handlerOptions(listen, parts));
  const handle = atPath(path, (req, res) => judge(req, res));
  const close = async () => parts.now()?.drain();
  let { drainMs } = config;
  const endpoint = await listenHttp({ handle, close }, { host, port, drainMs: () => drainMs });
  let own: HttpEndpoint | undefined;
  try {
    if (admin !== false) own = await openAdmin(admin, parts, () => isClosing);
  } catch (error) {
    await endpoint.close();
    throw error;
  }
  const sockets: Sockets = {
    endpoint,
    admin: own,
    judgeBy: (next) => {
      judge = createHandler(handlerOptions(next.listen, parts));
      drainMs = next.drainMs;
    },
    close: async () => {
      isClosing = true;
      await endpoint.close();
      await own?.close();
    },
  };
  return sockets;
}

function handlerOptions(
  { allowedHosts, allowedOrigins, maxBodyBytes, trustedProxies }: CompleteConfig["listen"],
  { now, options, notice, log, metrics }: Parts,
) {
  return {
    rules: httpRules({
      ...(allowedHosts && { allowedHosts }),
      allowedOrigins,
      maxBodyBytes,
      onError: (error) => {
        const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
        notice(`a request failed: ${reason}`);
      },
    }),
    peers: createPeers(trustedProxies),
    decide: (caller) => now().plan.decide(caller),
    authenticate: options.authenticate,
    onEnd: (record, req, res) => {
      metrics.observe(record, res.headersSent ? res.statusCode : 0);
      log?.write(record, req, res);
    },
  } satisfies Parameters<typeof createHandler>[0];
}

function openAdmin(
  config: AdminOptions["config"],
  { now, metrics }: Parts,
  isClosing: () => boolean,
): Promise<HttpEndpoint> {
  return startAdmin({
    config,
    metrics,
    upstreams: () => statuses(now()),
    shownConfig: () => hideSecrets(now().config, now().parsed.environment),
    notReady: () => (isClosing() ? "it is ending" : unready(statuses(now()))),
  });
}

/** What keeps requests from being answered: an upstream none of whose replicas does. */
function unready(upstreams: readonly UpstreamStatus[]): string | undefined {
  const silent = upstreams.filter(({ replicas }) => replicas.every(({ state }) => !gets(state)));
  if (silent.length === 0) return undefined;
  return `no replica answers at ${silent.map(({ name }) => name).join(", ")}`;
}

function gets(state: UpstreamStatus["replicas"][number]["state"]): boolean {
  return state === "up" || state === "warming";
}
