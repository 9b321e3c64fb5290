/** Starts, reloads and closes the gateway. */
import type { MalformedRequest } from "lutra/internal";
import { compose } from "lutra/middleware";
import type { Middleware } from "lutra/protocol";
import { createMetrics } from "./admin/metrics.ts";
import { readCertificates } from "./config/certificates.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { firstPath } from "./config/endpoints.ts";
import { loadEndpointCallers, protectedBy } from "./config/load-callers.ts";
import { type ParsedConfig, parseConfig } from "./config/parse-config.ts";
import type { ConfigInput } from "./config/schema.ts";
import { readSecretFiles } from "./config/upstream-secrets.ts";
import { createRecord } from "./exchange-record.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import type { GatewayPart } from "./gateway-part.ts";
import {
  type CompleteOptions,
  type GatewayResources,
  openGatewayResources,
} from "./gateway-resources.ts";
import { RequestHandler } from "./handler.ts";
import {
  closeListeners,
  type Listeners,
  openListeners,
  renewCertificates,
  type Served,
} from "./listeners.ts";
import { RunningConfig, readyMsOf } from "./running-config.ts";
import { extensionMethods } from "./subjects/known-methods.ts";
import type { UpstreamStatus } from "./upstreams/upstream.ts";

export interface Gateway {
  /** The URL of the MCP endpoint, or of the first one in `endpoints` if there is no other. */
  readonly url: string;
  /** The URLs of the endpoint at the listeners of `listen.also`. */
  readonly alsoUrls: readonly string[];
  /** True when only clients on this machine can connect. */
  readonly isLocal: boolean;
  /** The URL of the admin listener. `undefined` if the configuration disables it. */
  readonly adminUrl: string | undefined;
  /**
   * The link to the console, which contains the secret that gives access to it. `undefined` if the
   * console is off.
   */
  readonly consoleUrl: string | undefined;
  /**
   * Waits until each upstream has a replica that answers, for up to 5 seconds, or 2 minutes for a
   * module, which the gateway has to start. Resolves to true if every upstream has one.
   *
   * @param names The upstreams to wait for. By default, all upstreams
   */
  readonly ready: (names?: readonly string[]) => Promise<boolean>;
  readonly upstreams: () => readonly UpstreamStatus[];
  /** Opens the file of the access log again, after another program has renamed it. */
  readonly reopenLog: () => void;
  /**
   * Replaces the configuration without dropping a request. Unchanged upstreams keep running. The
   * subscriptions to them continue if routes, limits, cache, keys and callers have not changed; others
   * end with their result.
   *
   * @param next The configuration, or a function that reads it. If the function rejects, the metrics
   *   count a refused reload
   * @throws {ConfigError} for an invalid configuration; the current one is kept
   * @throws {TypeError} if `listen.host`, `listen.port`, `listen.path`, `listen.maxConnections`,
   *   `admin`, `eras`, `log` or `tracing` changes; the current configuration is kept
   */
  readonly reload: (
    next: ConfigInput | ParsedConfig | (() => Promise<ConfigInput | ParsedConfig>),
  ) => Promise<void>;
  /**
   * Reports that the gateway is not ready, stops accepting connections after `lameDuckMs`, ends
   * subscriptions with their result, waits up to `drainMs` for exchanges in flight and, with the
   * option `events`, for calls whose input arrives at another gateway, and releases all resources.
   */
  readonly close: () => Promise<void>;
}

/**
 * Starts a gateway. It accepts requests immediately, and answers with 503 while an upstream is not
 * ready.
 *
 * @throws {ConfigError} for an invalid configuration, and for a log file that can't be opened
 * @throws {Error} if the stores of `shared` can't be reached
 * @throws {ListenError} for an address that is in use or unavailable
 * @throws {TypeError} for a `bus` without the option `events`
 * @throws {MissingPackageError} for tracing without the package `@opentelemetry/api`
 * @example
 * ```ts
 * const gateway = await startGateway({
 *   upstreams: { places: { url: ["http://10.0.0.1:3000/mcp", "http://10.0.0.2:3000/mcp"] } },
 * });
 * console.log(gateway.url);
 * ```
 */
export function startGateway(
  input: ConfigInput | ParsedConfig,
  options: GatewayOptions = {},
): Promise<Gateway> {
  return startPart(input, options);
}

/** The options of a gateway that is one of several processes. */
export interface PartOptions extends GatewayOptions {
  readonly part?: GatewayPart | undefined;
}

/** Starts a gateway as `startGateway` does, also one that is one of several processes. */
export async function startPart(
  input: ConfigInput | ParsedConfig,
  options: PartOptions,
): Promise<Gateway> {
  const { notice = (line) => console.error(`lutra: ${line}`), methods = extensionMethods } =
    options;
  const complete: CompleteOptions & PartOptions = { ...options, notice, methods };
  const first = await parsed(input);
  requireBus(first.config, options);
  const resources = await openGatewayResources(first, complete);
  const served = servedBy(first, resources, complete);
  const listeners = await openListeners(first.config, served).catch(async (error: unknown) => {
    await resources.close();
    throw error;
  });
  const { running, metrics, eras } = served;
  options.part?.onStart({ running, metrics, eras });
  const { endpoints, admin } = listeners;
  const [url = "", ...alsoUrls] = endpoints.map((one) => one.url + firstPath(first.config));
  return {
    url,
    alsoUrls,
    isLocal: endpoints.every(({ isLocal }) => isLocal),
    adminUrl: admin?.url,
    consoleUrl: admin?.consoleUrl,
    ready: (names) => untilReady(running, names),
    upstreams: () => running.statuses(),
    reload: (next) => reload(next, served, listeners),
    reopenLog: () => resources.log?.reopen(),
    close: async () => {
      running.announceClose();
      const { lameDuckMs, drainMs } = running.config;
      const endAt = performance.now() + lameDuckMs + drainMs;
      await closeListeners(listeners);
      // Without a bus, the other processes of this gateway end, too.
      const isAlone = options.part !== undefined && running.config.bus === undefined;
      if (!isAlone) await running.untilReleased(endAt - performance.now());
      await running.close();
      await resources.close();
    },
  };
}

/** Creates the parts to which the listeners pass requests. They do nothing before the first listener. */
function servedBy(
  first: ParsedConfig,
  { startTrace, startMeter, log, sharing, signIn, eras, page, held }: GatewayResources,
  options: CompleteOptions & PartOptions,
): Served {
  const { notice, methods, onDrain, part } = options;
  const { recorder } = page ?? part ?? {};
  const sources = {
    methods,
    upstreams: () => running.statuses(),
    cache: () => running.caching?.stats(),
    responses: () => running.responses,
  };
  const metrics = createMetrics({ ...sources, lostLines: () => log?.lost() ?? 0 });
  const meter = held(startMeter?.(sources), (started) => started.close());
  const handler = new RequestHandler((record, req, res) => {
    const status = res.headersSent ? res.statusCode : 0;
    for (const each of [metrics, meter, eras, recorder]) each?.observe(record, status);
    log?.write(record, req, res);
  });
  const observer = observerOf([meter, recorder]);
  const own = { methods, notice, handler, startTrace, sharing, signIn, observer };
  const running = new RunningConfig(first, { ...options, ...own });
  const onMalformed = (request: MalformedRequest) => {
    const record = { ...createRecord(), reason: "malformed" };
    metrics.observe(record, request.status);
    meter?.observe(record, request.status);
    recorder?.observe(record, request.status);
    log?.writeMalformed(record, request);
  };
  const parts = { running, handler, metrics, eras, page, notice, onDrain, onMalformed };
  return { ...parts, feeds: part?.feeds };
}

/** Returns the middleware of all observers, or undefined if there are none. */
function observerOf(
  all: readonly ({ readonly middleware: Middleware } | undefined)[],
): Middleware | undefined {
  const found = all.flatMap((each) => (each ? [each.middleware] : []));
  return found.length === 0 ? undefined : (next) => compose(found, next);
}

/** Applies another configuration, and counts the reload. */
async function reload(
  next: Parameters<Gateway["reload"]>[0],
  { running, metrics }: Pick<Served, "running" | "metrics">,
  listeners: Listeners,
): Promise<void> {
  try {
    await running.replace(await parsed(typeof next === "function" ? await next() : next));
    renewCertificates(listeners, running.parsed);
    metrics.reloaded(true);
  } catch (error) {
    metrics.reloaded(false);
    throw error;
  }
}

async function untilReady(
  { upstreams, config }: RunningConfig,
  names: readonly string[] | undefined,
): Promise<boolean> {
  const selected = upstreams.filter(({ name }) => names === undefined || names.includes(name));
  const all = selected.map((one) => one.ready(readyMsOf(config.upstreams[one.name])));
  return (await Promise.all(all)).every(Boolean);
}

/** @throws {TypeError} for a bus that this program does not open */
function requireBus({ bus }: CompleteConfig, { events }: GatewayOptions): void {
  if (bus === undefined || events !== undefined) return;
  throw new TypeError('bus: requires the option "events", or the command "lutra gateway"');
}

/** Reads what the configuration names, unless `loadConfig` has read it. */
export async function parsed(input: ConfigInput | ParsedConfig): Promise<ParsedConfig> {
  const parsed = "config" in input ? input : parseConfig(input);
  if (parsed.certificates !== undefined) return parsed;
  const { config, authenticate = await protectedBy(parsed.config.auth) } = parsed;
  const certificates = readCertificates(config);
  const endpointCallers = await loadEndpointCallers(config, ({ auth }) => protectedBy(auth));
  const secretFiles = readSecretFiles(config);
  return { ...parsed, certificates, secretFiles, authenticate, endpointCallers };
}
