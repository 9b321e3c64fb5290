import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";

/**
 * Reads the body of a request. Resolves to undefined as soon as the body is above `maxBytes`, and
 * does not read the rest. Rejects when the client disconnects first.
 */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  if (Number(req.headers["content-length"]) > maxBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        req.pause();
        req.removeAllListeners("data");
        resolve(undefined);
      } else if (first === undefined) first = chunk;
      else if (rest === undefined) rest = [first, chunk];
      else rest.push(chunk);
    });
    req.on("end", () => resolve(rest ? Buffer.concat(rest) : (first ?? Buffer.alloc(0))));
    req.on("error", reject);
  });
}

/**
 * Decodes a body as text.
 *
 * @throws {ProtocolError} `parseError` when the body is not UTF-8
 */
export function decodeBody(body: Buffer): string {
  if (!isUtf8(body)) throw new ProtocolError("parseError", "Parse error: the body is not UTF-8");
  return body.toString("utf8");
}
