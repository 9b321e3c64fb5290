/**
 * Decodes the body of a request.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import { ProtocolError } from "../../protocol/errors.ts";
import { type DecodedJSON, decodeJSON } from "../../protocol/json-text.ts";
import type { HttpRules } from "./rules.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes bytes as text.
 *
 * @throws {ProtocolError} `parseError` when they are not UTF-8
 */
export function decodeUTF8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw notUTF8();
  }
}

/**
 * Rejects a body that was not UTF-8 or began with a byte order mark, given its text and its number
 * of bytes. `Request.text` drops the mark and replaces each invalid sequence of one to three bytes
 * with U+FFFD, which has three bytes, so the length changes. Two cases are not detected because
 * they keep the length: invalid sequences of exactly three bytes, and a mark whose three bytes are
 * offset by shorter invalid sequences.
 *
 * @throws {ProtocolError} `parseError`
 */
export function requireUTF8(text: string, bytes: number): void {
  const isLossy = text.includes("\ufffd");
  // Text with as many UTF-16 units as bytes is ASCII.
  if (text.length === bytes && !isLossy) return;
  const lost = bytes - encoder.encode(text).length;
  if (isLossy ? lost !== 0 : lost === 3) throw notUTF8();
}

function notUTF8(): ProtocolError {
  return new ProtocolError("parseError", "Parse error: the body is not UTF-8");
}

/**
 * Parses JSON text. The caller reads the id of a message before it requires the bounds.
 *
 * @throws {ProtocolError} `parseError`
 */
export function parseJSON(text: string, maxValues: number): DecodedJSON {
  try {
    return decodeJSON(text, maxValues);
  } catch {
    throw new ProtocolError("parseError", "Parse error: the body is not JSON");
  }
}

/**
 * Returns the error for a body that was read before the handler was called, and reports it: only a
 * change of the program helps, and not one of the request.
 */
export function alreadyRead(remedy: string, { onError }: HttpRules): ProtocolError {
  const message = `body: it was read before; ${remedy}`;
  const error = new ProtocolError("internalError", message, { status: 500 });
  onError(error);
  return error;
}
