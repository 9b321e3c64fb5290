/** Plans an export: the part of a configuration that a proxy can apply by headers alone. */
import { coreMethods, encodeError, headerNames, ProtocolError } from "lutra/protocol";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { ConfigError } from "../config/config-error.ts";
import type { MatchConfig, RouteConfig, UpstreamConfig } from "../config/schema.ts";
import { mayHaveName, mirrorsArguments } from "../head/read-head.ts";
import { denied } from "../refuse.ts";
import { namedKinds } from "../routes/match.ts";
import { usingMethod } from "../subjects/reference.ts";
import { type Alphabet, type HeaderPattern, headerPattern } from "./header-pattern.ts";

export interface ExportPlan {
  readonly listen: { readonly host: string; readonly port: number; readonly path: string };
  /** Allowed values of `Host` in addition to loopback names, in lower case; `undefined` for any. */
  readonly hosts: readonly string[] | undefined;
  /** Allowed origins in addition to loopback ones. */
  readonly origins: readonly string[];
  readonly pools: readonly Pool[];
  readonly routes: readonly PlannedRoute[];
  /** True when a route has conditions on headers. Only modern requests have headers to rely on. */
  readonly needsMetadata: boolean;
  /** Features that are not exported, one line each. */
  readonly notes: readonly string[];
}

/** An upstream with URLs. */
export interface Pool {
  readonly name: string;
  readonly isSecure: boolean;
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  /** The value of `Host`. */
  readonly authority: string;
  /** The name in the certificate. */
  readonly hostname: string;
  /** Path and query, in characters that need no quotes in any format. */
  readonly path: string;
  readonly config: UpstreamConfig;
}

export interface PlannedRoute {
  /** The index in the configuration, from 0. */
  readonly index: number;
  readonly conditions: readonly HeaderCondition[];
  /** True when a condition is on `Mcp-Name`, which is ignored for `namelessMethods`. */
  readonly needsName: boolean;
  readonly action: ForwardAction | RefuseAction;
}

export interface HeaderCondition {
  /** In lower case. */
  readonly header: string;
  readonly pattern: HeaderPattern;
}

interface ForwardAction {
  readonly kind: "forward";
  readonly shares: readonly { readonly pool: string; readonly weight: number }[];
}

export interface RefuseAction {
  readonly kind: "refuse";
  readonly status: number;
  /** JSON without characters that are special in a proxy's file, such as `$`, `%` or `'`. */
  readonly body: string;
}

/**
 * Creates the plan.
 *
 * @throws {ConfigError} for rules that must not be left out, and for texts that can't be quoted safely
 */
export function planExport(config: CompleteConfig, alphabet: Alphabet): ExportPlan {
  if (config.auth !== undefined) {
    throw exportError(
      "auth",
      "expected none, because the proxy would let every caller through; remove it, and let the proxy or the upstreams verify callers",
    );
  }
  if (config.endpoints !== undefined) {
    throw exportError(
      "endpoints",
      "expected none, because only one endpoint is exported; remove it",
    );
  }
  if (config.guard !== undefined) {
    throw exportError("guard", "expected none, because the proxy would not ask it; remove it");
  }
  const notes = notesOnWhole(config);
  const pools = new Map<string, Pool>();
  for (const [name, upstream] of Object.entries(config.upstreams)) {
    const pool = poolOf(name, upstream, notes);
    if (pool !== undefined) pools.set(name, pool);
  }
  const routes = config.routes.flatMap((route, index) => {
    if (isForPrincipals(route, index, notes)) return [];
    const conditions = conditionsOf(route.match, `routes[${index}]`, alphabet);
    const needsName = conditions.some(({ header }) => header === headerNames.name);
    return [{ index, conditions, needsName, action: actionOf(route, index, pools, notes) }];
  });
  const used = new Set(
    routes.flatMap(({ action }) =>
      action.kind === "forward" ? action.shares.map(({ pool }) => pool) : [],
    ),
  );
  const { allowedHosts, allowedOrigins } = config.listen;
  return {
    listen: safeListen(config.listen),
    hosts: allowedHosts?.map((host) => host.toLowerCase()) ?? byDefault(config.listen.host),
    origins: allowedOrigins,
    pools: [...pools.values()].filter(({ name }) => used.has(name)),
    routes,
    needsMetadata: routes.some(({ conditions }) => conditions.length > 0),
    notes,
  };
}

/** Methods whose requests have no name. An unknown method may have one. */
export const namelessMethods: readonly string[] = coreMethods
  .map(({ name }) => name)
  .filter((name) => !mayHaveName(name));

/** Methods whose arguments are mirrored into headers. Others could send any header. */
const mirroringMethods = coreMethods.map(({ name }) => name).filter(mirrorsArguments);

/** Returns the headers that the routes depend on. */
export function decidingHeaders({ routes, needsMetadata }: ExportPlan): readonly string[] {
  if (!needsMetadata) return [];
  const names = routes.flatMap(({ conditions }) => conditions.map(({ header }) => header));
  return [...new Set([headerNames.version, headerNames.method, ...names])];
}

/**
 * Checks the names of the headers that routes depend on.
 *
 * @throws {ConfigError} for a name with characters that the proxy would interpret
 */
export function requireHeaderNames(plan: ExportPlan, allowed: RegExp, expected: string): void {
  const wrong = decidingHeaders(plan).find((header) => !allowed.test(header));
  if (wrong !== undefined) throw exportError(wrong, `expected ${expected}`);
}

/** Returns the response with which the proxy refuses a request. */
export function refusalOf(error: ProtocolError): RefuseAction {
  const body = encodeError(undefined, error).replace(/[^ -~]|[$%'`\x7f]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return { kind: "refuse", status: error.status, body };
}

/** Allows only loopback names on a loopback address, as a protection against DNS rebinding. */
function byDefault(host: string): readonly string[] | undefined {
  return /^(?:127\.|localhost$|::1$|\[::1\]$)/.test(host) ? [] : undefined;
}

function notesOnWhole({ cache, limits, listen }: CompleteConfig): string[] {
  const notes = [
    "headers are not compared with bodies: every upstream must do that itself",
    "merged servers, sealed ids, the access log, retries by annotation, limits on concurrency",
  ];
  if (cache !== false) notes.push("cache: responses are not cached");
  for (const index of limits.keys()) notes.push(`limits[${index}]: the limit is not applied`);
  if (listen.proxyProtocol) {
    throw exportError("listen.proxyProtocol", "expected false, because it is not exported");
  }
  for (const index of listen.also.keys()) notes.push(`listen.also[${index}]: left out`);
  if (listen.tls) notes.push("listen.tls: the listener has no TLS; add its certificate");
  if (listen.trustedProxies.length > 0) {
    notes.push(
      "listen.trustedProxies: no proxy is trusted, so X-Forwarded-* of proxies in front are replaced",
    );
  }
  if (listen.allowedOrigins.length > 0) {
    notes.push(
      "listen.allowedOrigins: responses have no CORS headers, so only same-origin requests work",
    );
  }
  return notes;
}

function safeListen(listen: CompleteConfig["listen"]): ExportPlan["listen"] {
  const { host, port, path, socket } = listen;
  if (socket !== undefined) {
    throw exportError("listen.socket", "expected none, because only addresses are exported");
  }
  if (!/^[A-Za-z0-9_.:-]+$|^\[[0-9A-Fa-f:.]+\]$/.test(host)) {
    throw exportError("listen.host", "expected a host name or an IP address");
  }
  if (port === 0) throw exportError("listen.port", "expected a port other than 0");
  if (!/^\/[A-Za-z0-9/._~-]*$/.test(path)) {
    throw exportError("listen.path", "expected only letters, digits and / . _ ~ -");
  }
  return { host: host.includes(":") && !host.startsWith("[") ? `[${host}]` : host, port, path };
}

function poolOf(name: string, config: UpstreamConfig, notes: string[]): Pool | undefined {
  const at = `upstreams.${name}`;
  for (const key of ["tools", "prompts", "resources"] as const) {
    if (config[key] === undefined) continue;
    throw exportError(
      `${at}.${key}`,
      "expected no selection, because the proxy can't hide entries of lists; remove it",
    );
  }
  requireExportable(config, at);
  if (config.url === undefined) {
    notes.push(`${at}: a ${config.command ? "command" : "module"} has no URL`);
    return undefined;
  }
  if (config.socket !== undefined) {
    notes.push(`${at}: left out because its replicas listen on Unix sockets`);
    return undefined;
  }
  const urls = [config.url].flat().map((url) => new URL(url));
  const [first] = urls;
  if (first === undefined) return undefined;
  if (config.verify !== "upstream") {
    notes.push(
      `${at}: verify is not "upstream"; make sure that the upstream compares headers with bodies`,
    );
  }
  if (urls.some(({ username, password }) => username !== "" || password !== "")) {
    notes.push(`${at}.url: the credentials in the URL are not sent`);
  }
  if (config.tls) notes.push(`${at}.tls: left out; add the authority and the certificate`);
  const same = urls.filter((url, index) => isLike(url, first) || !notes.push(unlike(at, index)));
  if (same.some(({ host }) => host !== first.host)) {
    notes.push(`${at}.url: every replica receives the Host of the first one`);
  }
  return {
    name,
    isSecure: first.protocol === "https:",
    servers: same.map((url) => ({ host: safeHost(url, at), port: portOf(url) })),
    authority: first.host,
    hostname: first.hostname,
    path: safePath(`${first.pathname}${first.search}`),
    config,
  };
}

/** Refuses tokens that no proxy obtains, and a policy for headers that none can apply. */
function requireExportable({ headers, auth }: UpstreamConfig, at: string): void {
  if (auth !== undefined) {
    throw exportError(
      `${at}.auth`,
      "expected none, because the proxy obtains no tokens; remove it",
    );
  }
  if (headers !== undefined && headers.forward !== "all") {
    throw exportError(
      `${at}.headers.forward`,
      'expected "all", because the proxy can\'t drop headers whose names it does not know; name the headers to drop in `remove`',
    );
  }
  for (const header of Object.entries(headers?.rename ?? {}).flat()) {
    if (/^[a-z0-9_-]+$/.test(header)) continue;
    throw exportError(`${at}.headers.rename`, "expected names of only letters, digits, _ and -");
  }
}

function isLike(url: URL, first: URL): boolean {
  return (
    `${url.protocol}${url.pathname}${url.search}` ===
    `${first.protocol}${first.pathname}${first.search}`
  );
}

function unlike(at: string, index: number): string {
  return `${at}.url[${index}]: left out because its scheme or path differs from the first one`;
}

/** Rejects host names with characters that a configuration file would interpret. */
function safeHost({ hostname }: URL, at: string): string {
  if (/^[A-Za-z0-9_.-]+$|^\[[0-9a-f:.]+\]$/.test(hostname)) return hostname;
  throw exportError(`${at}.url`, "expected a host of only letters, digits, dots, _ and -");
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function safePath(path: string): string {
  return path.replace(/[^A-Za-z0-9/._~%!*+,=:@&?-]/g, (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** True for routes that are left out: an exported proxy has no principals, so they never match. */
function isForPrincipals({ match, deny }: RouteConfig, index: number, notes: string[]): boolean {
  const { principal, scope, claim } = match ?? {};
  if ((principal ?? scope ?? claim) === undefined) return false;
  if (deny !== undefined) {
    throw exportError(
      `routes[${index}]`,
      "expected no deny by principal, scope or claim, because the proxy could not apply it; remove the route",
    );
  }
  notes.push(`routes[${index}]: left out because callers of this proxy have no principal`);
  return true;
}

function conditionsOf(
  match: MatchConfig | undefined,
  at: string,
  alphabet: Alphabet,
): readonly HeaderCondition[] {
  if (match?.upstream !== undefined) {
    throw exportError(
      `${at}.match.upstream`,
      "expected no condition on the upstream, because the proxy chooses it after the routes; name the tool, prompt or resource alone",
    );
  }
  const { method, name, param = {} } = withHeaders(match);
  const all: readonly (readonly [string, string | readonly string[] | undefined])[] = [
    [headerNames.method, method],
    [headerNames.name, name],
    ...Object.entries(param).map(
      ([key, value]) => [`${headerNames.paramPrefix}${key.toLowerCase()}`, value] as const,
    ),
  ];
  return all.flatMap(([header, patterns]) => {
    if (patterns === undefined) return [];
    try {
      const isEncoded = header !== headerNames.method;
      return [{ header, pattern: headerPattern([patterns].flat(), alphabet, isEncoded) }];
    } catch (error) {
      throw exportError(`${at}.match`, error instanceof Error ? error.message : String(error));
    }
  });
}

/** Replaces conditions on tools, prompts and resources by those on the method and the name. */
function withHeaders(sent: MatchConfig = {}): MatchConfig {
  const mirrors = sent.param !== undefined && sent.method === undefined;
  const match = mirrors ? { ...sent, method: mirroringMethods } : sent;
  for (const [key, kind] of Object.entries(namedKinds)) {
    const name = match[key as keyof typeof namedKinds];
    const method = usingMethod(kind);
    if (name !== undefined && method !== undefined) return { ...match, method, name };
  }
  return match;
}

function actionOf(
  route: RouteConfig,
  index: number,
  pools: ReadonlyMap<string, Pool>,
  notes: string[],
): ForwardAction | RefuseAction {
  const at = `routes[${index}]`;
  if (route.deny !== undefined) return refusalOf(denied(route.deny));
  if (route.shadow !== undefined) notes.push(`${at}.shadow: requests are not copied`);
  const why = route.merge !== undefined ? "merge" : route.rename !== undefined && "rename";
  if (why !== false) return notExported(`${at}: ${why} needs the body`, notes);
  const { to = [] } = route;
  const shares = typeof to === "string" ? [{ upstream: to, weight: 1 }] : to;
  const known = shares.filter(({ upstream, weight }) => pools.has(upstream) && weight > 0);
  if (known.length === 0) return notExported(`${at}: no upstream has a URL`, notes);
  for (const { upstream, weight } of shares) {
    if (weight > 0 && !pools.has(upstream))
      notes.push(`${at}.to: the share of ${upstream} goes to the other upstreams`);
  }
  return {
    kind: "forward",
    shares: known.map(({ upstream, weight }) => ({ pool: upstream, weight })),
  };
}

/** Returns a refusal for the route's requests, so that no later route handles them. */
function notExported(why: string, notes: string[]): RefuseAction {
  const error = new ProtocolError("internalError", "The route is not part of this export", {
    status: 501,
  });
  notes.push(`${why}; its requests are refused with ${error.status}`);
  return refusalOf(error);
}

/** Creates the error for a setting that can't be exported. */
export function exportError(path: string, message: string): ConfigError {
  return new ConfigError([{ file: "export", path, message }]);
}
