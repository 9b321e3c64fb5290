/** Loads a configuration from a file. */
import { dirname, extname, resolve } from "node:path";
import { readCertificates } from "./certificates.ts";
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError } from "./config-error.ts";
import type { Environment } from "./environment.ts";
import { loadAuthenticate, loadEndpointCallers } from "./load-callers.ts";
import { type ImportModule, importDefault, loadProblem, readText } from "./load-file.ts";
import { loadGuard } from "./load-guard.ts";
import { type ParsedConfig, parseConfig } from "./parse-config.ts";
import { type ConfigDocument, readDocument } from "./read-document.ts";
import { requireModules } from "./require-modules.ts";
import type {
  AuthConfig,
  EndpointsConfig,
  ListenPlace,
  UpstreamAuthConfig,
  UpstreamConfig,
} from "./schema.ts";
import { requireCallers } from "./upstream-grants.ts";
import { readSecretFiles } from "./upstream-secrets.ts";

export interface LoadOptions {
  /**
   * Imports a module by its absolute path; resolves to its namespace. Needed for TypeScript where
   * Node can't run it. @default `import()`, which loads the file again on each call
   */
  readonly importModule?: ImportModule;
  /**
   * True if the program passes `authenticate` to the gateway. Otherwise an upstream whose tokens belong
   * to callers requires `auth` in the configuration. @default false
   */
  readonly hasAuthenticate?: boolean;
  /** The values of `${NAME}` in YAML and JSON. @default process.env */
  readonly environment?: Environment;
}

export interface LoadedConfig extends ParsedConfig {
  /** The absolute path of the file. */
  readonly file: string;
}

/** The supported file extensions. */
const configEndings = [".ts", ".mts", ".js", ".mjs", ".yaml", ".yml", ".json"] as const;

/**
 * Loads a configuration from the default export of a TypeScript or JavaScript module, or from a
 * YAML or JSON file. Relative paths in it are resolved against the folder of the file.
 *
 * @throws {ConfigError} listing every problem; modules must exist, but are not loaded
 */
export async function loadConfig(file: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const path = resolve(file);
  const ending = extname(path);
  if (!configEndings.some((known) => known === ending)) {
    const message = `expected a file name that ends in one of ${configEndings.join(", ")}`;
    throw loadProblem({ file, key: "" }, message);
  }
  const isText = [".yaml", ".yml", ".json"].includes(ending);
  const { positionOf, ...parsed } = isText
    ? await fromText(file, path, options)
    : await fromModule(file, path, options);
  const config = resolvePaths(parsed.config, dirname(path));
  requireModules(config, file, positionOf);
  const { hasAuthenticate = false } = options;
  requireCallers(config, { file, positionOf, hasAuthenticate });
  const certificates = readCertificates(config, file, positionOf);
  const secretFiles = readSecretFiles(config, file, positionOf);
  const authenticate = await loadAuthenticate(config, file, options.importModule);
  const endpointCallers = await loadEndpointCallers(config, (own) =>
    loadAuthenticate(own, file, options.importModule),
  );
  const guard = await loadGuard(config, file, options.importModule);
  const loaded = { certificates, secretFiles, authenticate, endpointCallers, guard };
  return { ...parsed, ...loaded, config, file: path };
}

/** A configuration, and the positions of its values if it has a text. */
interface LocatedConfig extends ParsedConfig {
  readonly positionOf?: ConfigDocument["positionOf"];
}

async function fromText(file: string, path: string, options: LoadOptions): Promise<LocatedConfig> {
  const text = await readText({ file, key: "" }, path);
  const document = readDocument(file, text, options.environment ?? process.env);
  if (document.problems.length > 0) throw new ConfigError(document.problems);
  const { positionOf } = document;
  return { ...parseConfig(document.value, file, document), positionOf };
}

async function fromModule(
  file: string,
  path: string,
  options: LoadOptions,
): Promise<LocatedConfig> {
  const config = await importDefault({ file, key: "" }, path, options.importModule);
  if (config !== undefined) return parseConfig(config, file);
  const message = "expected a default export; write: export default defineGateway({ ... })";
  throw loadProblem({ file, key: "" }, message);
}

function resolvePaths(config: CompleteConfig, folder: string): CompleteConfig {
  const { listen, admin, log, auth, endpoints, guard, eras } = config;
  const upstreams = Object.entries(config.upstreams).map(
    ([name, { cwd, module, store, socket, tls, auth, ...rest }]): [string, UpstreamConfig] => [
      name,
      {
        ...rest,
        ...(cwd !== undefined && { cwd: resolve(folder, cwd) }),
        ...(typeof socket === "string" && { socket: resolve(folder, socket) }),
        ...(Array.isArray(socket) && { socket: socket.map((one) => resolve(folder, one)) }),
        ...(tls && { tls: resolveFiles(tls, tlsFiles, folder) }),
        ...(auth && { auth: resolveUpstreamAuth(auth, folder) }),
        ...(module !== undefined && { module: resolve(folder, module) }),
        ...(store !== undefined && { store: resolveStore(folder, store) }),
      },
    ],
  );
  return {
    ...config,
    upstreams: Object.fromEntries(upstreams),
    listen: {
      ...resolvePlace(listen, folder),
      also: listen.also.map((place) => resolvePlace(place, folder)),
    },
    admin: admin && resolveTls(admin, folder),
    ...(eras && { eras: { store: resolveStore(folder, eras.store) } }),
    ...(auth && { auth: resolveAuth(auth, folder) }),
    ...(endpoints && { endpoints: resolveEndpoints(endpoints, folder) }),
    ...(guard?.module !== undefined && {
      guard: { ...guard, module: resolve(folder, guard.module) },
    }),
    log:
      log !== false && log.file !== undefined ? { ...log, file: resolve(folder, log.file) } : log,
  };
}

function resolveEndpoints(endpoints: EndpointsConfig, folder: string): EndpointsConfig {
  const resolved = Object.entries(endpoints).map(([name, { auth, ...endpoint }]) => {
    const own = auth && resolveAuth(auth, folder);
    return [name, { ...endpoint, ...(own !== undefined && { auth: own }) }] as const;
  });
  return Object.fromEntries(resolved);
}

function resolveAuth(auth: AuthConfig, folder: string): AuthConfig {
  const { tokensFile, module, signIn, ...rest } = auth;
  return {
    ...rest,
    ...(signIn && {
      signIn: {
        ...resolveFiles(signIn, clientFiles, folder),
        store: resolveStore(folder, signIn.store),
      },
    }),
    ...(tokensFile !== undefined && { tokensFile: resolve(folder, tokensFile) }),
    ...(module !== undefined && { module: resolve(folder, module) }),
  };
}

/** Resolves the socket and the certificate of a listener. */
function resolvePlace<Place extends ListenPlace>(place: Place, folder: string): Place {
  const { socket } = place;
  return {
    ...resolveTls(place, folder),
    ...(socket !== undefined && { socket: resolve(folder, socket) }),
  };
}

/** Resolves the certificate of a listener. */
function resolveTls<Listener extends Pick<ListenPlace, "tls">>(
  listener: Listener,
  folder: string,
): Listener {
  const { tls } = listener;
  return { ...listener, ...(tls && { tls: resolveFiles(tls, tlsFiles, folder) }) };
}

const tlsFiles = ["ca", "cert", "key", "clientCa"] as const;
const clientFiles: readonly ("clientSecretFile" | "keyFile")[] = ["clientSecretFile", "keyFile"];
function resolveUpstreamAuth(auth: UpstreamAuthConfig, folder: string): UpstreamAuthConfig {
  const { identityProvider, ...client } = auth;
  return {
    ...resolveFiles(client, clientFiles, folder),
    ...(identityProvider && {
      identityProvider: resolveFiles(identityProvider, clientFiles, folder),
    }),
  };
}

/** Resolves the members of a setting that name files. */
function resolveFiles<Key extends string, Setting extends { readonly [key in Key]?: unknown }>(
  setting: Setting,
  keys: readonly Key[],
  folder: string,
): Setting {
  const resolved = keys.flatMap((key) => {
    const name = setting[key];
    return typeof name === "string" ? [[key, resolve(folder, name)]] : [];
  });
  return { ...setting, ...Object.fromEntries(resolved) };
}

/** Resolves the path in the URL of a SQLite store. */
function resolveStore(folder: string, url: string): string {
  const scheme = "sqlite:";
  return url.startsWith(scheme) ? scheme + resolve(folder, url.slice(scheme.length)) : url;
}
