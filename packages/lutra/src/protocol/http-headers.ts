/**
 * Request metadata in HTTP headers: their names, the encoding of their values, and the comparison
 * with the body.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import { ProtocolError } from "./errors.ts";

/** The names of the headers in lower case. */
export const headerNames = {
  version: "mcp-protocol-version",
  method: "mcp-method",
  name: "mcp-name",
  paramPrefix: "mcp-param-",
} as const;

const sentinel = { prefix: "=?base64?", suffix: "?=" } as const;
/** Visible ASCII. Spaces and tabs are allowed, but not at either end. */
const plain = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Encodes text as a header value: unchanged, or in Base64 if the text is not a valid header value
 * or looks like an encoded one. A lone surrogate has no UTF-8 encoding and becomes U+FFFD, as in a
 * body that `encodeJSON` has encoded.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */
export function encodeHeaderValue(value: string): string {
  if (plain.test(value) && !isSentinel(value)) return value;
  let binary = "";
  for (const byte of encoder.encode(value)) binary += String.fromCharCode(byte);
  return `${sentinel.prefix}${btoa(binary)}${sentinel.suffix}`;
}

/**
 * Decodes a header value; the inverse of `encodeHeaderValue`. Ignores spaces and tabs around it.
 *
 * @throws {ProtocolError} `headerMismatch` for invalid characters or Base64
 */
export function decodeHeaderValue(header: string, name: string): string {
  const value = readPlain(header, name);
  const { prefix, suffix } = sentinel;
  if (!isSentinel(value) || value.length < prefix.length + suffix.length) return value;
  const bytes = fromBase64(value.slice(prefix.length, -suffix.length));
  if (bytes === undefined) throw mismatch(`${name}: invalid Base64`);
  try {
    return decoder.decode(bytes);
  } catch {
    throw mismatch(`${name}: invalid UTF-8 in Base64`);
  }
}

/**
 * Checks that an unencoded header has the value in the body.
 *
 * @throws {ProtocolError} `headerMismatch`
 * @spec basic/transports/streamable-http#server-validation
 */
export function requireHeader(header: string | undefined, name: string, expected: string): void {
  if (header === expected && plain.test(expected)) return;
  if (header === undefined) throw missing(name);
  if (readPlain(header, name) !== expected) throw unequal(name);
}

/**
 * Checks that a header that may be in Base64 (`Mcp-Name`) has the value in the body.
 *
 * @throws {ProtocolError} `headerMismatch`
 * @spec basic/transports/streamable-http#server-validation
 */
export function requireEncodedHeader(
  header: string | undefined,
  name: string,
  expected: string,
): void {
  if (header === expected && plain.test(expected) && !isSentinel(expected)) return;
  if (header === undefined) throw missing(name);
  if (decodeHeaderValue(header, name) !== expected) throw unequal(name);
}

/** Removes spaces and tabs at both ends. Throws for any other invalid character. */
function readPlain(header: string, name: string): string {
  let start = 0;
  let end = header.length;
  while (isBlank(header[start])) start += 1;
  while (end > start && isBlank(header[end - 1])) end -= 1;
  const value = header.slice(start, end);
  if (!plain.test(value)) throw mismatch(`${name}: invalid characters`);
  return value;
}

function isBlank(char: string | undefined): boolean {
  return char === " " || char === "\t";
}

function isSentinel(value: string): boolean {
  return value.startsWith(sentinel.prefix) && value.endsWith(sentinel.suffix);
}

/** Decodes canonical Base64 only. */
function fromBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    if (btoa(binary) !== text) return undefined;
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function missing(name: string): ProtocolError {
  return mismatch(`${name}: missing, expected the value in the body`);
}

function unequal(name: string): ProtocolError {
  return mismatch(`${name}: does not match the value in the body`);
}

/** Creates the error for a request whose headers do not match its body. */
export function mismatch(message: string, data?: unknown): ProtocolError {
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`, { data });
}
