/** The differences between two configurations. */
import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { upstreamTlsOf } from "./certificates.ts";
import type { CompleteConfig } from "./complete-routes.ts";
import type { ParsedConfig } from "./parse-config.ts";
import { upstreamSecretsOf } from "./upstream-secrets.ts";

/** Returns a message for each changed setting that can't change while the gateway runs. */
export function settingsToRestart(
  { config: old }: Compared,
  { config: next }: Compared,
): readonly string[] {
  return fixedSettings.flatMap(({ path, read }) => {
    if (isDeepStrictEqual(read(old), read(next))) return [];
    return [
      `${path}: expected ${shown(read(old))}, as in the running gateway; restart the gateway to change it`,
    ];
  });
}

type ListenTls = NonNullable<CompleteConfig["listen"]["tls"]>;

type Compared = Pick<ParsedConfig, "config" | "certificates" | "secretFiles">;

/** Returns everything that an upstream is created from. The processes of a module have the keys. */
export function upstreamSettings(
  name: string,
  { config, certificates = new Map(), secretFiles = new Map() }: Compared,
): unknown {
  const own = config.upstreams[name];
  if (own?.tls !== undefined || own?.auth !== undefined) {
    const secrets = own.auth && upstreamSecretsOf(own.auth, secretFiles);
    // The pages of sign-ins are below the resource of the gateway.
    const pages = own.auth?.grant === "sign-in" ? config.auth?.resource : undefined;
    return [own, upstreamTlsOf(own, certificates), secrets, pages];
  }
  return own?.module === undefined ? own : [own, config.keys];
}

/** Settings of sockets and of the access log, which stay open while the gateway runs. */
const fixedSettings: readonly {
  readonly path: string;
  readonly read: (config: CompleteConfig) => unknown;
}[] = [
  { path: "listen.host", read: ({ listen }) => listen.host },
  { path: "listen.port", read: ({ listen }) => listen.port },
  { path: "listen.socket", read: ({ listen }) => listen.socket ?? "no value" },
  { path: "listen.mode", read: ({ listen }) => listen.mode ?? "no value" },
  { path: "listen.http2", read: ({ listen }) => listen.http2 },
  { path: "listen.proxyProtocol", read: ({ listen }) => listen.proxyProtocol },
  { path: "listen.also", read: ({ listen }) => listen.also.map(withoutFiles) },
  { path: "listen.tls", read: ({ listen }) => kindOf(listen.tls) ?? "no value" },
  { path: "listen.path", read: ({ listen }) => listen.path },
  { path: "listen.maxConnections", read: ({ listen }) => listen.maxConnections ?? "no value" },
  { path: "shared", read: ({ shared }) => withoutPassword(shared) },
  { path: "bus", read: ({ bus }) => bus ?? "no value" },
  { path: "admin", read: ({ admin }) => admin && withoutFiles(admin) },
  { path: "auth.signIn", read: ({ auth }) => (auth?.signIn ? "set" : "no value") },
  { path: "auth.signIn.store", read: ({ auth }) => withoutUser(auth?.signIn?.store) },
  { path: "eras", read: ({ eras }) => eras ?? "no value" },
  { path: "log", read: ({ log }) => log },
  { path: "tracing", read: ({ tracing }) => tracing ?? "no value" },
];

/** Returns a listener without its certificate, which can change. */
function withoutFiles({ tls, ...place }: { readonly tls?: ListenTls | undefined }): unknown {
  return { ...place, ...(tls && { tls: kindOf(tls) }) };
}

/** Returns the kind of TLS that a listener has. Only its certificates can change. */
function kindOf(tls: ListenTls | undefined): string | undefined {
  return tls && (tls.clientCa ? "certificates, also of clients" : "certificates");
}

/** Returns the setting with a digest of its URL, because messages must not contain the password. */
function withoutPassword(shared: CompleteConfig["shared"]): unknown {
  if (shared === undefined) return "no value";
  return { ...shared, redis: `url ${hash("sha256", shared.redis, "base64url").slice(0, 8)}` };
}

/** Returns the URL of a store with a digest of it, because messages must not contain the password. */
function withoutUser(store: string | undefined): unknown {
  return store?.replace(/^.*@.*$/s, (url) => `url ${hash("sha256", url, "base64url").slice(0, 8)}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value);
}
