/**
 * Returns the message of the innermost cause, because it is the most precise: for example, that the
 * connection was refused. If several addresses of a host were tried, the first error is used. For a
 * program that did not start, the error around that of Node is returned, which names the remedy.
 */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  const { cause, message } = error;
  const ofTls = problemWithTls(error);
  if (ofTls !== undefined) return ofTls;
  return cause instanceof Error && spawnCodeOf(cause) === undefined ? causeOf(cause) : message;
}

/** Returns the code of an error of `spawn`, such as `ENOENT`. Returns undefined for other errors. */
export function spawnCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const isOfSpawn = String(Reflect.get(error, "syscall")).startsWith("spawn");
  return isOfSpawn ? String(Reflect.get(error, "code")) : undefined;
}

/** The codes of a certificate whose chain does not end at a known authority. */
const unknownAuthority: ReadonlySet<string> = new Set([
  "CERT_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

/**
 * Returns the reason for which no connection with TLS could be established, or undefined for an error
 * that is not of TLS. Reads only the error itself, not at its causes.
 */
function problemWithTls(error: Error): string | undefined {
  const code = String(Reflect.get(error, "code"));
  if (unknownAuthority.has(code)) {
    return "TLS: the certificate is of an unknown authority; name that authority in tls.ca";
  }
  if (code === "CERT_HAS_EXPIRED") return "TLS: the certificate has expired";
  if (code === "CERT_NOT_YET_VALID") return "TLS: the certificate is not valid yet";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `TLS: the certificate is for another name; set tls.servername to it: ${error.message}`;
  }
  const isOther = code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_");
  return isOther ? `TLS: the handshake failed: ${code}` : undefined;
}

/** Returns true if no connection with TLS could be established. */
export function isTlsProblem(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return problemWithTls(error) !== undefined || isTlsProblem(error.cause);
}

const shortages: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

/** Returns true if this process has no free file descriptor. The replica has not failed. */
export function isShortage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return shortages.has(Reflect.get(error, "code")) || isShortage(error.cause);
}
