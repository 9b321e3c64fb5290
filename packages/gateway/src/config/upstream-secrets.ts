/** The secrets and keys with which the gateway authenticates at authorization servers. */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem, formatPath } from "./config-error.ts";
import type { ConfigDocument } from "./read-document.ts";
import type { UpstreamAuthConfig } from "./schema.ts";

/** The contents of the files, by path. */
export type SecretFiles = ReadonlyMap<string, string>;

/** The secret of one client. */
export interface ClientSecrets {
  readonly clientSecret?: string | undefined;
  /** In PEM. */
  readonly privateKey?: string | undefined;
}

export interface UpstreamSecrets {
  readonly client: ClientSecrets;
  readonly identityProvider: ClientSecrets;
}

/** The settings of a client that name its secrets. */
export interface ClientConfig {
  readonly clientSecret?: string | undefined;
  readonly clientSecretFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/**
 * Reads the files, and checks that they contain secrets and keys.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} with one problem for each file that can't be read or used
 */
export function readSecretFiles(
  { upstreams, auth: callers }: Pick<CompleteConfig, "upstreams" | "auth">,
  file = "configuration",
  positionOf: ConfigDocument["positionOf"] = () => undefined,
): SecretFiles {
  const contents = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  const clients: (readonly [ClientConfig | undefined, readonly PropertyKey[]])[] = [
    [callers?.signIn, ["auth", "signIn"]],
    ...Object.entries(upstreams).flatMap(([name, { auth }]) => {
      const path = ["upstreams", name, "auth"];
      const provider = [auth?.identityProvider, [...path, "identityProvider"]] as const;
      return [[auth, path] as const, provider];
    }),
  ];
  for (const [client, path] of clients) {
    for (const key of ["clientSecretFile", "keyFile"] as const) {
      const name = client?.[key];
      const message = name === undefined ? undefined : readInto(contents, key, name);
      if (message === undefined) continue;
      const place = formatPath([...path, key]);
      problems.push({ file, ...positionOf(place, "value"), path: place, message });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return contents;
}

/** Returns the secrets of the clients of an upstream. The files must have been read. */
export function upstreamSecretsOf(auth: UpstreamAuthConfig, files: SecretFiles): UpstreamSecrets {
  const { identityProvider = {} } = auth;
  return {
    client: secretsOf(auth, files),
    identityProvider: secretsOf(identityProvider, files),
  };
}

/** Returns the secrets of one client. The files must have been read. */
export function secretsOf(
  { clientSecret, clientSecretFile, keyFile }: ClientConfig,
  files: SecretFiles,
): ClientSecrets {
  const inFile = clientSecretFile === undefined ? undefined : files.get(clientSecretFile);
  return {
    clientSecret: clientSecret ?? inFile,
    privateKey: keyFile === undefined ? undefined : files.get(keyFile),
  };
}

/** Reads a file. Returns the problem with it, if there is one. */
function readInto(
  contents: Map<string, string>,
  key: "clientSecretFile" | "keyFile",
  name: string,
): string | undefined {
  try {
    const text = readFileSync(name, "utf8").trim();
    contents.set(name, text);
    if (key === "keyFile") return problemWithKey(text);
    return text === "" ? "expected a secret, but the file is empty" : undefined;
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, "code") : error;
    return `expected a readable file (${code})`;
  }
}

function problemWithKey(text: string): string | undefined {
  const expected = "expected a private key without a password, as PKCS #8 in PEM";
  if (!text.includes("-----BEGIN PRIVATE KEY-----")) return expected;
  try {
    createPrivateKey(text);
    return undefined;
  } catch {
    return expected;
  }
}
