/** Rules for settings with which a gateway can't start, or which have no effect beside others. */
import { isIP } from "node:net";
import { isObject, type JSONObject } from "lutra/protocol";
import { createSealer } from "lutra/server";
import { checkUpstreamAuth } from "./check-upstream-auth.ts";
import type { Finding } from "./valid-parts.ts";

/** Returns every violation of a rule. Values of a wrong type have other findings already. */
export function checkSettings(input: unknown): readonly Finding[] {
  const at = (...path: readonly PropertyKey[]) => valueIn(input, path);
  const upstreams = at("upstreams");
  return [
    ...reservedKeys(input, []),
    ...placesOf(at("listen")).flatMap(([place, path]) => [
      ...checkHost(place.host, [...path, "host"]),
      ...checkSocket(place, path),
      ...checkHttp2(place, path),
      ...checkProxies(place, path, at("listen", "trustedProxies")),
    ]),
    ...checkHost(at("admin", "host"), ["admin", "host"]),
    ...checkPorts(at("listen"), at("admin")),
    ...checkKeys(at("keys")),
    ...(isObject(upstreams) ? Object.entries(upstreams) : []).flatMap(([name, upstream]) =>
      checkKind(upstream, ["upstreams", name]),
    ),
    ...checkUpstreamAuth(input),
    ...checkLog(at("log")),
  ];
}

function valueIn(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isObject(value) ? value[String(key)] : undefined),
    input,
  );
}

/** A key that JavaScript gives a meaning of its own, so that its value would be dropped. */
const reservedKey = "__proto__";

function reservedKeys(value: unknown, path: readonly PropertyKey[]): readonly Finding[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => reservedKeys(item, [...path, i]));
  if (!isObject(value)) return [];
  return Object.keys(value).flatMap((key) => {
    if (key !== reservedKey) return reservedKeys(value[key], [...path, key]);
    return [{ path: [...path, key], message: "this name is reserved; choose another one" }];
  });
}

function checkHost(host: unknown, path: readonly PropertyKey[]): readonly Finding[] {
  if (typeof host !== "string" || isIP(host) > 0) return [];
  // A last label of digits belongs to an IPv4 address.
  const isName = /^(?!.*(?:^|\.)\d+$)[a-z\d_](?:[a-z\d_.-]{0,252})$/i.test(host);
  if (isName) return [];
  return [{ path, message: "expected an IP address or a host name, such as 127.0.0.1 or 0.0.0.0" }];
}

function checkPorts(listen: unknown, admin: unknown): readonly Finding[] {
  if (admin === false || hasSocket(listen)) return [];
  const own = addressOf(listen, 3000);
  const other = addressOf(admin, 9464);
  if (own.port === 0 || own.port !== other.port) return [];
  const isAll = [own.host, other.host].some((host) => host === "0.0.0.0" || host === "::");
  if (own.host !== other.host && !isAll) return [];
  const path = isObject(admin) && "port" in admin ? ["admin", "port"] : ["listen", "port"];
  return [{ path, message: "expected different ports in listen.port and admin.port" }];
}

function hasSocket(listener: unknown): boolean {
  return isObject(listener) && listener.socket !== undefined;
}

/** Returns `listen` and the items of `listen.also`, with their paths. */
function placesOf(listen: unknown): readonly (readonly [JSONObject, readonly PropertyKey[]])[] {
  if (!isObject(listen)) return [];
  const also: readonly unknown[] = Array.isArray(listen.also) ? listen.also : [];
  const others = also.flatMap((place, index) =>
    isObject(place) ? [[place, ["listen", "also", index]] as const] : [],
  );
  return [[listen, ["listen"]], ...others];
}

function checkSocket(listener: JSONObject, path: readonly PropertyKey[]): readonly Finding[] {
  const set = (keys: readonly string[]) => keys.filter((key) => listener[key] !== undefined);
  if (hasSocket(listener)) {
    return set(["host", "port"]).map((key) => ({
      path: [...path, key],
      message: "has no effect beside socket; remove it",
    }));
  }
  return set(["mode"]).map((key) => ({
    path: [...path, key],
    message: "requires socket; add it, or remove this setting",
  }));
}

/** Clients of MCP choose the version of HTTP in the handshake of TLS. */
function checkHttp2({ http2, tls }: JSONObject, path: readonly PropertyKey[]): readonly Finding[] {
  if (http2 !== true || tls !== undefined) return [];
  return [{ path: [...path, "http2"], message: "requires tls; add it, or remove this setting" }];
}

function checkProxies(
  { proxyProtocol }: JSONObject,
  path: readonly PropertyKey[],
  trusted: unknown,
): readonly Finding[] {
  if (proxyProtocol !== true || (Array.isArray(trusted) && trusted.length > 0)) return [];
  return [
    {
      path: [...path, "proxyProtocol"],
      message: "requires listen.trustedProxies; name the addresses of the proxies in front",
    },
  ];
}

function addressOf(listener: unknown, defaultPort: number) {
  const { host = "127.0.0.1", port = defaultPort } = isObject(listener) ? listener : {};
  return { host, port };
}

function checkKeys(keys: unknown): readonly Finding[] {
  if (!Array.isArray(keys)) return [];
  return keys.flatMap((key: unknown, index) => {
    if (!isObject(key) || typeof key.id !== "string" || typeof key.secret !== "string") return [];
    const { id, secret } = key;
    const isRepeated = keys.findIndex((other) => isObject(other) && other.id === id) < index;
    const repeated = { path: ["keys", index, "id"], message: "expected each id only once" };
    return [...invalidKey({ id, secret }, index), ...(isRepeated ? [repeated] : [])];
  });
}

function invalidKey(
  key: { readonly id: string; readonly secret: string },
  index: number,
): readonly Finding[] {
  try {
    createSealer([key]);
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ path: ["keys", index], message }];
  }
}

/** The settings that some kinds of upstreams do not have, with the kinds that have them. */
const kindsOf: { readonly [setting: string]: readonly string[] } = {
  cwd: ["command"],
  env: ["command"],
  replicas: ["module"],
  balance: ["url", "module"],
  health: ["url", "module"],
  headers: ["url", "module"],
  auth: ["url"],
  tls: ["url"],
  socket: ["url"],
  era: ["url", "command"],
  sessions: ["url", "command"],
};

function checkKind(upstream: unknown, path: readonly PropertyKey[]): readonly Finding[] {
  if (!isObject(upstream)) return [];
  const kind = ["url", "command", "module"].find((one) => upstream[one] !== undefined);
  if (kind === undefined) return [];
  return Object.entries(kindsOf).flatMap(([setting, kinds]) => {
    if (upstream[setting] === undefined || kinds.includes(kind)) return [];
    const message = `requires ${kinds.join(" or ")} and has no effect beside ${kind}; remove it`;
    return [{ path: [...path, setting], message }];
  });
}

function checkLog(log: unknown): readonly Finding[] {
  if (!isObject(log) || log.file !== undefined) return [];
  return ["maxBytes", "keep"].flatMap((key) => {
    if (log[key] === undefined) return [];
    return [{ path: ["log", key], message: "requires log.file; add it, or remove this setting" }];
  });
}
