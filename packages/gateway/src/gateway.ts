/** Starts, reloads and closes the gateway. */
import {
  listenHttp,
  type MalformedRequest,
  type OwnEndpoint,
  type TlsSettings,
  withPage,
} from "lutra/internal";
import type { Method } from "lutra/protocol";
import { createMetrics } from "./admin/metrics.ts";
import { type AdminListener, type AdminParts, openAdmin } from "./admin/open-admin.ts";
import { listenTlsOf, readCertificates } from "./config/certificates.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import { protectedBy } from "./config/load-callers.ts";
import { type ParsedConfig, parseConfig } from "./config/parse-config.ts";
import type { ConfigInput, ListenPlace } from "./config/schema.ts";
import { readSecretFiles } from "./config/upstream-secrets.ts";
import { type LoadedConsole, loadConsole } from "./console/load-console.ts";
import { type Eras, openEras } from "./eras/open-eras.ts";
import { createRecord } from "./exchange-record.ts";
import type { GatewayOptions } from "./gateway-options.ts";
import { RequestHandler } from "./handler.ts";
import { ListenError } from "./listen-error.ts";
import { openLog } from "./log/open-log.ts";
import { RunningConfig, readyMsOf } from "./running-config.ts";
import { openSharing, type Sharing } from "./shared/open-shared.ts";
import { type OpenSignIn, openSignIn } from "./sign-in/open-sign-in.ts";
import { extensionMethods } from "./subjects/known-methods.ts";
import { loadTracing } from "./tracing/load-tracing.ts";
import type { StartTrace } from "./tracing/start-trace.ts";
import { withTimeline } from "./tracing/timeline.ts";
import type { UpstreamStatus } from "./upstreams/upstream.ts";
import { createVisit } from "./visit.ts";

export interface Gateway {
  /** The URL of the MCP endpoint. */
  readonly url: string;
  /** The URLs of the endpoint at the places of `listen.also`. */
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
   * subscriptions with their result, waits up to `drainMs` for exchanges in flight, and releases all
   * resources.
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
export async function startGateway(
  input: ConfigInput | ParsedConfig,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const { notice = (line) => console.error(`lutra: ${line}`), methods = extensionMethods } =
    options;
  const first = await parsed(input);
  requireBus(first.config, options);
  const resources = await openResources(first, { ...options, notice, methods });
  const { startTrace, log, sharing, eras, page } = resources;
  const { recorder } = page ?? {};
  const metrics = createMetrics({
    methods,
    upstreams: () => running.statuses(),
    cache: () => running.caching?.stats(),
    lostLines: () => log?.lost() ?? 0,
  });
  const handler = new RequestHandler((record, req, res) => {
    const status = res.headersSent ? res.statusCode : 0;
    for (const observer of [metrics, eras, recorder]) observer?.observe(record, status);
    log?.write(record, req, res);
  });
  const observer = recorder?.middleware;
  const { signIn } = resources;
  const own = { methods, notice, handler, startTrace, sharing, signIn, observer };
  const running = new RunningConfig(first, { ...options, ...own });
  const onMalformed = (request: MalformedRequest) => {
    const record = { ...createRecord(), reason: "malformed" };
    metrics.observe(record, request.status);
    recorder?.observe(record, request.status);
    log?.writeMalformed(record, request);
  };
  const served = {
    running,
    handler,
    metrics,
    eras,
    page,
    notice,
    onDrain: options.onDrain,
    onMalformed,
  };
  const { endpoints, admin } = await listenAll(first.config, served).catch(
    async (error: unknown) => {
      await closeResources(resources);
      throw error;
    },
  );
  const [url = "", ...alsoUrls] = endpoints.map((one) => one.url + first.config.listen.path);
  return {
    url,
    alsoUrls,
    isLocal: endpoints.every(({ isLocal }) => isLocal),
    adminUrl: admin?.url,
    consoleUrl: admin?.consoleUrl,
    ready: (names) => untilReady(running, names),
    upstreams: () => running.statuses(),
    reload: (next) => reload(next, { running, endpoints, metrics }),
    reopenLog: () => log?.reopen(),
    close: async () => {
      running.announceClose();
      await Promise.all(endpoints.map((endpoint) => endpoint.close()));
      await admin?.close();
      await running.close();
      await closeResources(resources);
    },
  };
}

/** Applies another configuration, and counts the reload. */
async function reload(
  next: Parameters<Gateway["reload"]>[0],
  {
    running,
    endpoints,
    metrics,
  }: Pick<Served, "running" | "metrics"> & Pick<Listeners, "endpoints">,
): Promise<void> {
  try {
    await running.replace(await parsed(typeof next === "function" ? await next() : next));
    renewTls(endpoints, running.parsed);
    metrics.reloaded(true);
  } catch (error) {
    metrics.reloaded(false);
    throw error;
  }
}

/** The resources of a gateway besides its listeners and its upstreams. */
interface Resources {
  readonly startTrace: StartTrace | undefined;
  readonly log: ReturnType<typeof openLog>;
  readonly sharing: Sharing | undefined;
  readonly eras: Eras;
  readonly signIn: OpenSignIn | undefined;
  /** Undefined if the console is off. */
  readonly page: LoadedConsole | undefined;
}

async function openResources(
  first: ParsedConfig,
  options: GatewayOptions & {
    readonly notice: (line: string) => void;
    readonly methods: readonly Method[];
  },
): Promise<Resources> {
  const { config } = first;
  const { notice } = options;
  const isTraced = config.tracing ?? options.tracing ?? false;
  const spans = isTraced ? await loadTracing() : undefined;
  const { console: isOnByDefault = false, methods } = options;
  const page = await loadConsole(config, { isOnByDefault, methods });
  const startTrace = page === undefined ? spans : withTimeline(spans);
  const log = openLog(config.log, { ...options, notice }, fileOf(first));
  let sharing: Sharing | undefined;
  try {
    sharing = await openSharing(config, options.openShared, notice);
    const signIn = await openSignIn(config, options);
    return { startTrace, log, sharing, signIn, eras: await openEras(config, options), page };
  } catch (error) {
    await sharing?.close();
    log?.close();
    throw error;
  }
}

async function closeResources({ sharing, eras, log, signIn }: Resources): Promise<void> {
  await signIn?.close();
  await sharing?.close();
  // Exchanges that were cut off are logged once their connections have closed.
  await new Promise((resolve) => setImmediate(resolve));
  await eras.close();
  await log?.flush();
  log?.close();
}

async function untilReady(
  { upstreams, config }: RunningConfig,
  names: readonly string[] | undefined,
): Promise<boolean> {
  const selected = upstreams.filter(({ name }) => names === undefined || names.includes(name));
  const all = selected.map((one) => one.ready(readyMsOf(config.upstreams[one.name])));
  return (await Promise.all(all)).every(Boolean);
}

/** Sets the certificate of each listener to that of the current configuration. */
function renewTls(endpoints: readonly OwnEndpoint[], parsed: ParsedConfig): void {
  for (const [index, tls] of ownTlsOf(parsed).entries()) {
    if (tls) endpoints[index]?.renewTls(tls);
  }
}

/** @throws {TypeError} for a bus that this program does not open */
function requireBus({ bus }: CompleteConfig, { events }: GatewayOptions): void {
  if (bus === undefined || events !== undefined) return;
  throw new TypeError('bus: requires the option "events", or the command "lutra gateway"');
}

/** Reads what the configuration names, unless `loadConfig` has read it. */
async function parsed(input: ConfigInput | ParsedConfig): Promise<ParsedConfig> {
  const parsed = "config" in input ? input : parseConfig(input);
  if (parsed.certificates !== undefined) return parsed;
  const { config, authenticate = await protectedBy(parsed.config.auth) } = parsed;
  const certificates = readCertificates(config);
  return { ...parsed, certificates, secretFiles: readSecretFiles(config), authenticate };
}

/** Returns the certificate of each listener, or undefined for one without. */
function ownTlsOf({
  config,
  certificates = new Map(),
}: ParsedConfig): readonly (TlsSettings | undefined)[] {
  return placesOf(config).map(({ tls }) => tls && listenTlsOf(tls, certificates));
}

/** Returns the places of all listeners for clients. */
function placesOf({ listen }: CompleteConfig): readonly ListenPlace[] {
  return [listen, ...listen.also];
}

/** Returns the path of the configuration file, for errors. */
function fileOf(first: ParsedConfig): string | undefined {
  return "file" in first && typeof first.file === "string" ? first.file : undefined;
}

interface Listeners {
  /** The listeners for clients: that of `listen`, then those of `listen.also`. */
  readonly endpoints: readonly OwnEndpoint[];
  readonly admin: AdminListener | undefined;
}

interface Served extends AdminParts, Pick<GatewayOptions, "onDrain"> {
  readonly handler: RequestHandler;
  readonly onMalformed: (request: MalformedRequest) => void;
}

/** Opens the sockets before it starts the upstreams, so that a port in use is reported first. */
async function listenAll(config: CompleteConfig, served: Served): Promise<Listeners> {
  const endpoints: OwnEndpoint[] = [];
  let admin: AdminListener | undefined;
  try {
    const listen = listenFor(config, served);
    for (const [index, place] of placesOf(config).entries()) {
      endpoints.push(await listen(place, index));
    }
    admin = await openAdmin(served, `${endpoints[0]?.url}${config.listen.path}`);
    served.running.start();
    return { endpoints, admin };
  } catch (error) {
    for (const endpoint of endpoints) await endpoint.close();
    await admin?.close();
    throw error;
  }
}

/** Returns a function that opens a listener for clients. */
function listenFor(
  { listen: { path, maxConnections } }: CompleteConfig,
  { running, handler, onDrain, onMalformed }: Served,
): (place: ListenPlace, index: number) => Promise<OwnEndpoint> {
  const handle = withPage({
    path,
    handle: handler.handleAt(path),
    rules: () => (running.config.listen.page ? handler.settings?.endpoint.rules : undefined),
    visit: createVisit(() => handler.settings),
  });
  const service = { handle, close: () => running.drain(), onMalformed };
  const isTrusted = (address: string) => handler.settings?.peers.isTrusted(address) ?? false;
  const certificates = ownTlsOf(running.parsed);
  const shared = {
    maxConnections,
    count: { open: 0 },
    drainMs: () => running.config.drainMs,
    lameDuckMs: () => running.config.lameDuckMs,
    onDrain,
  };
  return ({ host, port, socket, mode, proxyProtocol }, index) =>
    listenHttp(service, {
      ...shared,
      host,
      port,
      socket,
      mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
      proxies: proxyProtocol ? { isTrusted } : undefined,
      tls: certificates[index],
    }).catch((cause: unknown) => {
      const at = index === 0 ? "listen" : `listen.also[${index - 1}]`;
      throw new ListenError("listen", { host, port, socket }, cause, at);
    });
}
