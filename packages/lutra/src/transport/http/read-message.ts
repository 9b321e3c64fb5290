/**
 * From the bytes of a body to a message.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import { ProtocolError } from "../../protocol/errors.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Decodes a body.
 *
 * @throws {ProtocolError} `parseError` for what is not UTF-8 or not JSON
 */
export function parseBody(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    throw new ProtocolError("parseError", "Parse error: the body is not UTF-8");
  }
  return parseJSON(text);
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
