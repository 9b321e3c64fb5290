/** Starts, reloads and closes the gateway. */
import { listenHttp } from "lutra/internal";
import { atPath, type HttpEndpoint } from "lutra/node";
import { taskMethods } from "lutra/tasks";
import { startAdmin } from "./admin/admin.ts";
import { createMetrics } from "./admin/metrics.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { hideSecrets } from "./config/hide-secrets.ts";
import { type ParsedConfig, parseConfig } from "./config/parse-config.ts";
import type { ConfigInput } from "./config/schema.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { RequestHandler } from "./handler.ts";
import { createAccessLog } from "./log/access-log.ts";
import { RunningConfig, readyMsOf } from "./running-config.ts";
import type { UpstreamStatus } from "./upstreams/upstream.ts";

export interface Gateway {
  /** The URL of the MCP endpoint. */
  readonly url: string;
  /** The URL of the admin listener. `undefined` if the configuration disables it. */
  readonly adminUrl: string | undefined;
  /**
   * Waits until each upstream has a replica that answers, for up to 5 seconds, or 2 minutes for a
   * module, which the gateway has to start. Resolves to true if every upstream has one.
   *
   * @param names The upstreams to wait for. By default, all upstreams
   */
  readonly ready: (names?: readonly string[]) => Promise<boolean>;
  readonly upstreams: () => readonly UpstreamStatus[];
  /**
   * Replaces the configuration without dropping a request. Unchanged upstreams keep running.
   * Subscriptions end with their result.
   *
   * @throws {ConfigError} for an invalid configuration; the current one is kept
   * @throws {TypeError} if `listen.host`, `listen.port`, `listen.path`, `admin` or `log` changes;
   *   the current configuration is kept
   */
  readonly reload: (next: ConfigInput | ParsedConfig) => Promise<void>;
  /**
   * Stops accepting connections, ends subscriptions with their result, waits up to `drainMs` for
   * exchanges in flight, and releases all resources.
   */
  readonly close: () => Promise<void>;
}

/**
 * Starts a gateway. It accepts requests immediately, and answers with 503 while an upstream is not
 * ready.
 *
 * @throws {ConfigError} for an invalid configuration
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
  const onLogError = reportOnce(first.config, notice, options.onOutputError);
  const log = createAccessLog(first.config.log, onLogError, options.logStream);
  const metrics = createMetrics({
    methods,
    upstreams: () => running.statuses(),
    cache: () => running.caching?.stats(),
  });
  const handler = new RequestHandler((record, req, res) => {
    metrics.observe(record, res.headersSent ? res.statusCode : 0);
    log?.write(record, req, res);
  });
  const running = new RunningConfig(first, { ...options, methods, notice, handler });
  const { endpoint, admin } = await listenAll(first.config, { running, handler, metrics });
  return {
    url: `${endpoint.url}${first.config.listen.path}`,
    adminUrl: admin?.url,
    ready: async (names) => {
      const { upstreams, config } = running;
      const selected = upstreams.filter(({ name }) => names === undefined || names.includes(name));
      const all = selected.map((one) => one.ready(readyMsOf(config.upstreams[one.name])));
      return (await Promise.all(all)).every(Boolean);
    },
    upstreams: () => running.statuses(),
    reload: async (next) => running.replace(parsed(next)),
    close: async () => {
      await endpoint.close();
      await admin?.close();
      await running.close();
      // Exchanges that were cut off are logged once their connections have closed.
      await new Promise((resolve) => setImmediate(resolve));
      await log?.flush();
    },
  };
}

function parsed(input: ConfigInput | ParsedConfig): ParsedConfig {
  return "config" in input ? input : parseConfig(input);
}

/** Returns the error callback of the access log, which prints the first error only. */
function reportOnce(
  { log }: CompleteConfig,
  notice: (line: string) => void,
  onOutputError: GatewayOptions["onOutputError"],
): (error: Error) => void {
  let isReported = false;
  return (error) => {
    if (log !== false && log.file === undefined) onOutputError?.(error);
    if (!isReported) notice(`cannot write the access log: ${error.message}`);
    isReported = true;
  };
}

interface Listeners {
  readonly endpoint: HttpEndpoint;
  readonly admin: HttpEndpoint | undefined;
}

interface Served {
  readonly running: RunningConfig;
  readonly handler: RequestHandler;
  readonly metrics: ReturnType<typeof createMetrics>;
}

/** Opens the sockets before it starts the upstreams, so that a port in use is reported first. */
async function listenAll(config: CompleteConfig, served: Served): Promise<Listeners> {
  const { running, handler } = served;
  const { host, port, path } = config.listen;
  const endpoint = await listenHttp(
    { handle: atPath(path, handler.handle), close: () => running.drain() },
    { host, port, drainMs: () => running.config.drainMs },
  );
  let admin: HttpEndpoint | undefined;
  try {
    admin = await listenAdmin(config, served);
    running.start();
    return { endpoint, admin };
  } catch (error) {
    await endpoint.close();
    await admin?.close();
    throw error;
  }
}

async function listenAdmin(
  { admin: config }: CompleteConfig,
  { running, metrics }: Served,
): Promise<HttpEndpoint | undefined> {
  if (config === false) return undefined;
  return startAdmin({
    config,
    metrics,
    upstreams: () => running.statuses(),
    shownConfig: () => hideSecrets(running.config, running.parsed.environment),
    notReady: () => (running.isDraining ? "the gateway is closing" : unready(running.statuses())),
  });
}

/** Returns a message if an upstream has no replica that answers. */
function unready(upstreams: readonly UpstreamStatus[]): string | undefined {
  const silent = upstreams.filter(({ replicas }) =>
    replicas.every(({ state }) => state !== "up" && state !== "warming"),
  );
  if (silent.length === 0) return undefined;
  return `no replica answers at ${silent.map(({ name }) => name).join(", ")}`;
}
