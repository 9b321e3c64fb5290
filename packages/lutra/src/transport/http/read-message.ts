/**
 * From the bytes of a body to a message.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import { ProtocolError } from "../../protocol/errors.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes a body.
 *
 * @throws {ProtocolError} `parseError` for what is not UTF-8
 */
export function decodeBody(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw notUTF8();
  }
}

/**
 * Refuses the text of a body that was not UTF-8 or began with a byte order mark, given how many
 * bytes it had. `Request.text` leaves the mark out and puts U+FFFD, which has three bytes, for each
 * run of one to three that it can't decode. What comes out as long as it was stays unnoticed: runs
 * of three, which are characters of four without their last byte, and a mark that shorter runs
 * make up for.
 *
 * @throws {ProtocolError} `parseError`
 */
export function requireUTF8(text: string, bytes: number): void {
  const isLossy = text.includes("\ufffd");
  // One unit of text for each byte is ASCII.
  if (text.length === bytes && !isLossy) return;
  const lost = bytes - encoder.encode(text).length;
  if (isLossy ? lost !== 0 : lost === 3) throw notUTF8();
}

function notUTF8(): ProtocolError {
  return new ProtocolError("parseError", "Parse error: the body is not UTF-8");
}

/**
 * Parses JSON text.
 *
 * @throws {ProtocolError} `parseError`
 */
export function parseJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ProtocolError("parseError", "Parse error: the body is not JSON");
  }
}
