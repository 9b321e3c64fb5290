/**
 * Request metadata in HTTP headers: their names, the encoding of their values, and the comparison
 * with the body.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
import { ProtocolError } from "./errors.ts";

/** The headers in lower case, as they are looked up. */
export const headerNames = {
  version: "mcp-protocol-version",
  method: "mcp-method",
  name: "mcp-name",
  paramPrefix: "mcp-param-",
} as const;

const sentinel = /^=\?base64\?(.*)\?=$/s;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Visible ASCII with spaces and tabs inside. */
const plain = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes text as a header value: as it is, or in Base64 where a header could not carry it or a
 * reader would take it for Base64.
 *
 * @spec basic/transports/streamable-http#value-encoding
 */
export function encodeHeaderValue(value: string): string {
  if (plain.test(value) && !sentinel.test(value)) return value;
  let binary = "";
  for (const byte of encoder.encode(value)) binary += String.fromCharCode(byte);
  return `=?base64?${btoa(binary)}?=`;
}

/**
 * Reads a header value; the inverse of `encodeHeaderValue`. Blanks around the value are not part
 * of it.
 *
 * @throws {ProtocolError} `headerMismatch` for invalid characters and bad Base64
 */
export function decodeHeaderValue(header: string, name: string): string {
  const value = header.trim();
  if (!plain.test(value)) throw mismatch(`${name}: invalid characters`);
  const encoded = sentinel.exec(value)?.[1];
  if (encoded === undefined) return value;
  if (!base64.test(encoded)) throw mismatch(`${name}: invalid Base64`);
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return decoder.decode(bytes);
  } catch {
    throw mismatch(`${name}: invalid UTF-8 in Base64`);
  }
}

/**
 * Checks one header against the value in the body.
 *
 * @throws {ProtocolError} `headerMismatch`
 * @spec basic/transports/streamable-http#server-validation
 */
export function requireHeader(header: string | undefined, name: string, expected: string): void {
  if (header === expected && plain.test(expected) && !expected.startsWith("=?")) return;
  if (header === undefined) throw mismatch(`${name}: missing, expected the value in the body`);
  if (decodeHeaderValue(header, name) === expected) return;
  throw mismatch(`${name}: does not match the value in the body`);
}

/** The refusal of a request whose headers do not match its body. */
export function mismatch(message: string): ProtocolError {
  return new ProtocolError("headerMismatch", `Header mismatch: ${message}`);
}
