/**
 * A configuration as a message to a process. The functions of its modules can't be sent, so each
 * process loads these files itself.
 */
import type { Certificates } from "../config/certificates.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { loadAuthenticate, loadEndpointCallers } from "../config/load-callers.ts";
import type { ImportModule } from "../config/load-file.ts";
import { loadGuard } from "../config/load-guard.ts";
import type { ParsedConfig } from "../config/parse-config.ts";
import type { SharedConfig, UpstreamConfig } from "../config/schema.ts";
import type { SecretFiles } from "../config/upstream-secrets.ts";

export interface ConfigMessage {
  /** The part of the configuration that one process applies. */
  readonly config: CompleteConfig;
  /** The path of the configuration file, for errors. */
  readonly file: string;
  readonly environment: ReadonlyMap<string, string>;
  readonly certificates: Certificates | undefined;
  readonly secretFiles: SecretFiles | undefined;
}

export interface PartOfConfig {
  /** Number of processes. */
  readonly processes: number;
  /** The keys that seal values if the configuration has none. */
  readonly keys: NonNullable<CompleteConfig["keys"]>;
}

/** Stands for the supervisor in place of a Redis server. */
export const supervisorURL = "lutra:supervisor";

/** Without Redis, the supervisor counts for all processes, which end when it ends. */
const ownLimits: SharedConfig = {
  redis: supervisorURL,
  limits: true,
  cache: false,
  failure: "closed",
};

/** Creates the keys of a gateway that its configuration gives none. */
export function supervisorKeys(): PartOfConfig["keys"] {
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  return [{ id: "local", secret }];
}

/** Returns the message for one of several processes. Maxima are divided between the processes. */
export function configMessage(
  { config, environment, certificates, secretFiles, ...rest }: ParsedConfig,
  { processes, keys }: PartOfConfig,
): ConfigMessage {
  const share = (max: number) => Math.max(1, Math.ceil(max / processes));
  const { cache, listen, upstreams } = config;
  const shareOf = (upstream: UpstreamConfig): UpstreamConfig => {
    const { max, queue } = upstream.concurrency;
    return {
      ...upstream,
      concurrency: {
        ...upstream.concurrency,
        max: share(max),
        queue: Math.ceil(queue / processes),
      },
    };
  };
  const names = Object.entries(upstreams);
  return {
    environment,
    certificates,
    secretFiles,
    file: "file" in rest && typeof rest.file === "string" ? rest.file : "configuration",
    config: {
      ...config,
      keys: config.keys ?? keys,
      shared: config.shared ?? ownLimits,
      // The supervisor has the listener for operators.
      admin: false,
      cache: cache && { ...cache, maxBytes: share(cache.maxBytes) },
      listen: {
        ...listen,
        ...(listen.maxConnections && { maxConnections: share(listen.maxConnections) }),
      },
      upstreams: Object.fromEntries(names.map(([name, one]) => [name, shareOf(one)])),
    },
  };
}

/**
 * Returns the configuration of a message.
 *
 * @throws {ConfigError} for a file of the configuration that can't be loaded
 */
export async function parsedMessage(
  { file, ...message }: ConfigMessage,
  importModule: ImportModule | undefined,
): Promise<ParsedConfig> {
  const { config } = message;
  const authenticate = await loadAuthenticate(config, file, importModule);
  const endpointCallers = await loadEndpointCallers(config, (own) =>
    loadAuthenticate(own, file, importModule),
  );
  const guard = await loadGuard(config, file, importModule);
  return { ...message, authenticate, endpointCallers, guard, notes: [] };
}
