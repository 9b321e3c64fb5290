/** The certificates, keys and authorities in the files that a configuration names. */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { TlsSettings } from "lutra/internal";
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem, formatPath } from "./config-error.ts";
import type { ConfigDocument } from "./read-document.ts";
import type { ListenPlace, UpstreamConfig } from "./schema.ts";

/** The contents of the files, by path. */
export type Certificates = ReadonlyMap<string, string>;

/** The part of `connect` of undici that verifies a server and presents a certificate. */
export type UpstreamTls = Pick<SecureContextOptions, "ca" | "cert" | "key"> & {
  readonly servername?: string;
};

type ListenTls = NonNullable<ListenPlace["tls"]>;

/** A setting of TLS that names files, with the keys of the files. */
interface TlsPart {
  readonly path: readonly PropertyKey[];
  readonly files: { readonly [key in FileKey]?: string | undefined };
}

/** The parts of a configuration that may have certificates. */
type CertifiedParts = Pick<CompleteConfig, "listen" | "admin" | "upstreams">;

const fileKeys = ["ca", "cert", "key", "clientCa"] as const;
type FileKey = (typeof fileKeys)[number];

/**
 * Reads the files, and checks that certificates, keys and authorities can be used.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} with one problem for each file that can't be read or used
 */
export function readCertificates(
  config: CertifiedParts,
  file = "configuration",
  positionOf: ConfigDocument["positionOf"] = () => undefined,
): Certificates {
  const contents = new Map<string, string>();
  const problems = partsOf(config).flatMap(({ path, files }) =>
    problemsOf(files, contents).map(({ key, message }): ConfigProblem => {
      const at = formatPath([...path, key]);
      return { file, ...positionOf(at, "value"), path: at, message };
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return contents;
}

/** Returns the settings of a listener's TLS. The files must have been read. */
export function listenTlsOf(
  { cert, key, clientCa, minVersion }: ListenTls,
  certificates: Certificates,
): TlsSettings {
  const read = (name: string) => certificates.get(name) ?? "";
  return {
    cert: read(cert),
    key: read(key),
    minVersion,
    ...(clientCa !== undefined && { ca: read(clientCa), requestCert: true }),
  };
}

/** Returns the settings of TLS for the admin listener; undefined for one without. */
export function adminTlsOf({
  config: { admin },
  certificates = new Map(),
}: {
  readonly config: Pick<CompleteConfig, "admin">;
  readonly certificates?: Certificates | undefined;
}): TlsSettings | undefined {
  if (admin === false || admin.tls === undefined) return undefined;
  return listenTlsOf(admin.tls, certificates);
}

/** Returns the settings of the connections to an upstream, or undefined for the defaults. */
export function upstreamTlsOf(
  { tls }: Pick<UpstreamConfig, "tls">,
  certificates: Certificates,
): UpstreamTls | undefined {
  if (tls === undefined) return undefined;
  const { ca, cert, key, servername } = tls;
  const read = (name: string | undefined) => (name === undefined ? "" : certificates.get(name));
  return {
    ...(ca !== undefined && { ca: read(ca) }),
    ...(cert !== undefined && { cert: read(cert), key: read(key) }),
    ...(servername !== undefined && { servername }),
  };
}

function partsOf({ listen, admin, upstreams }: CertifiedParts): readonly TlsPart[] {
  const listeners = [
    { path: ["listen", "tls"], tls: listen.tls },
    ...(admin === false ? [] : [{ path: ["admin", "tls"], tls: admin.tls }]),
    ...listen.also.map(({ tls }, index) => ({ path: ["listen", "also", index, "tls"], tls })),
  ];
  const own = listeners.flatMap(({ path, tls }) =>
    tls === undefined ? [] : [{ path, files: tls }],
  );
  const others = Object.entries(upstreams).flatMap(([name, { tls }]) => {
    if (tls === undefined) return [];
    const { ca, cert, key } = tls;
    return [{ path: ["upstreams", name, "tls"], files: { ca, cert, key } }];
  });
  return [...own, ...others];
}

interface FileProblem {
  readonly key: FileKey;
  readonly message: string;
}

/** Reads the files of one setting into `contents`. Returns the files that can't be read or used. */
function problemsOf(files: TlsPart["files"], contents: Map<string, string>): FileProblem[] {
  const unreadable = fileKeys.flatMap((key): FileProblem[] => {
    const name = files[key];
    if (name === undefined) return [];
    try {
      contents.set(name, readFileSync(name, "utf8"));
      return [];
    } catch (error) {
      return [{ key, message: `expected a readable file (${codeOf(error)})` }];
    }
  });
  if (unreadable.length > 0) return unreadable;
  const textOf = (key: FileKey) => contents.get(files[key] ?? "");
  for (const key of fileKeys) {
    const message = problemWithUse(key, textOf);
    if (message !== undefined) return [{ key, message }];
  }
  return [];
}

/** Loads a file as TLS will, so that the problem names it. A key is loaded with its certificate. */
function problemWithUse(
  key: FileKey,
  textOf: (key: FileKey) => string | undefined,
): string | undefined {
  const text = textOf(key);
  if (text === undefined) return undefined;
  const isAuthority = key === "ca" || key === "clientCa";
  const own = key === "key" ? { cert: textOf("cert"), key: text } : { cert: text };
  const options = isAuthority ? { ca: text } : own;
  const hasForm = key === "key" || text.includes("-----BEGIN CERTIFICATE-----");
  const reason = hasForm ? failureOf(options) : "it contains none";
  if (reason === undefined) return undefined;
  if (isAuthority) return `expected certificates of authorities in PEM: ${reason}`;
  if (key === "cert") return `expected a certificate in PEM: ${reason}`;
  return `expected the private key of the certificate, in PEM and without a password: ${reason}`;
}

function failureOf(options: SecureContextOptions): string | undefined {
  try {
    createSecureContext(options);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function codeOf(error: unknown): string {
  return String(error instanceof Error ? Reflect.get(error, "code") : error);
}
