import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { ByteBuffer } from "../byte-buffer.ts";

/**
 * Reads the body of a request. Resolves to undefined as soon as the body is above `maxBytes`, and
 * does not read the rest. Rejects when the client disconnects first.
 */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(req.headers["content-length"]) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    // The client may have disconnected while its credentials were checked.
    if (req.destroyed && !req.complete)
      return reject(new TransportError("closed", "the client left"));
    const body = new ByteBuffer();
    req.on("data", (chunk: Buffer) => {
      if (body.length + chunk.length <= maxBytes) return body.append(chunk);
      req.pause();
      req.removeAllListeners("data");
      resolve(undefined);
    });
    req.on("end", () => resolve(body.bytes()));
    req.on("error", reject);
  });
}

/**
 * Decodes a body as text.
 *
 * @throws {ProtocolError} `parseError` when the body is not UTF-8
 */
export function decodeBody(body: Uint8Array): string {
  if (!isUtf8(body)) throw new ProtocolError("parseError", "Parse error: the body is not UTF-8");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
}
