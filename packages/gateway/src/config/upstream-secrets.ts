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

type ClientConfig = Pick<UpstreamAuthConfig, "clientSecret" | "clientSecretFile" | "keyFile">;

/**
 * Reads the files, and checks that they contain secrets and keys.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} with one problem for each file that can't be read or used
 */
export function readSecretFiles(
  { upstreams }: Pick<CompleteConfig, "upstreams">,
  file = "configuration",
  positionOf: ConfigDocument["positionOf"] = () => undefined,
): SecretFiles {
  const contents = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const [upstream, { auth }] of Object.entries(upstreams)) {
    const path = ["upstreams", upstream, "auth"];
    for (const [client, at] of [
      [auth, path],
      [auth?.identityProvider, [...path, "identityProvider"]],
    ] as const) {
      for (const key of ["clientSecretFile", "keyFile"] as const) {
        const name = client?.[key];
        if (name === undefined) continue;
        const message = readInto(contents, key, name);
        const place = formatPath([...at, key]);
        if (message === undefined) continue;
        problems.push({ file, ...positionOf(place, "value"), path: place, message });
      }
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

function secretsOf(
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
