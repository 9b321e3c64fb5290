import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ProtocolError } from "../../protocol/errors.ts";
import { type DecodedJSON, measureJSON } from "../../protocol/json-text.ts";
import { TransportError } from "../../protocol/transport-error.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import { watchArrival } from "./node-arrival.ts";
import { alreadyRead, parseJSON } from "./read-message.ts";
import type { HttpRules } from "./rules.ts";

/** A request of `node:http`, or of a framework that has already read its body. */
export interface NodeRequest extends IncomingMessage {
  /**
   * The body that a framework has read: a decoded value, or its text or bytes. Used only if the
   * request itself can no longer be read.
   */
  readonly body?: unknown;
}

/** A body: its text, or the value that a framework has decoded. */
export type NodeBody = string | { readonly decoded: unknown };

/**
 * Reads the body of a request. Resolves to undefined as soon as the body is above `maxBodyBytes`,
 * and does not read the rest. Rejects when the client disconnects first, when the body arrives too
 * slowly, when it is not UTF-8, and for a request that was read before without leaving its body in
 * `req.body`. A promise that resolves to bytes would look for their member `then`, which costs as much
 * as all checks of the message.
 */
export function readBody(req: NodeRequest, rules: HttpRules): Promise<NodeBody | undefined> {
  const { maxBodyBytes } = rules;
  const length = Number(req.headers["content-length"]);
  if (length > maxBodyBytes) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    // An empty body ends without data.
    if (req.readableDidRead || req.readableEnded) {
      // The client may have disconnected while its credentials were checked.
      if (req.destroyed && !req.complete) reject(gone());
      else resolve(bodyOf(req, rules));
      return;
    }
    const receiver = { maxBodyBytes, resolve, reject };
    if (req.readableFlowing !== null || req.readableLength > 0) {
      // Other listeners may take the data as well, also those that are added after this call.
      collect(req, receiver);
      return;
    }
    // The parser reports the body after the head has been handled.
    process.nextTick(() => {
      try {
        const isUntouched = req.readableFlowing === null && !req.readableDidRead;
        const whole = isUntouched ? takeWhole(req) : undefined;
        if (whole === undefined) {
          collect(req, receiver);
          return;
        }
        // Otherwise the request would neither end nor be released by an idle connection.
        if (!req.complete) req.resume();
        resolve(whole.length > maxBodyBytes ? undefined : textOf(whole));
      } catch (error) {
        reject(error);
      }
    });
  });
}

function gone(): TransportError {
  return new TransportError("closed", "the client disconnected");
}

/**
 * Returns the body of a request if all of it has arrived, as nearly every body does, in one piece with its
 * head. Otherwise reads nothing and returns undefined. One buffer costs far less than a stream. Call it
 * in the next tick, since the parser reports the body after the head has been handled.
 */
export function takeWhole(req: IncomingMessage): Buffer | undefined {
  // The flag `complete` is set a moment after the last byte.
  const isWhole = req.complete || req.readableLength === Number(req.headers["content-length"]);
  if (!isWhole || req.destroyed) return undefined;
  const body: Buffer | null = req.read();
  return body ?? Buffer.alloc(0);
}

interface BodyReceiver {
  readonly maxBodyBytes: number;
  readonly resolve: (body: NodeBody | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads a body that arrives in several pieces. */
function collect(req: IncomingMessage, { maxBodyBytes, resolve, reject }: BodyReceiver): void {
  if (req.destroyed) {
    reject(gone());
    return;
  }
  const length = Number(req.headers["content-length"]);
  const body = new ByteBuffer();
  req.on("data", (chunk: Buffer) => {
    if (body.length + chunk.length <= maxBodyBytes) {
      // A body in one piece need not be watched.
      if (body.length === 0 && chunk.length !== length) watchArrival(req, reject);
      return body.append(chunk);
    }
    req.pause();
    req.removeAllListeners("data");
    resolve(undefined);
  });
  req.on("end", () => {
    try {
      resolve(textOf(body.bytes()));
    } catch (error) {
      reject(error);
    }
  });
  req.on("error", reject);
}

/** Returns the body that a framework has read, or undefined when it is above the limit. */
function bodyOf({ body }: NodeRequest, rules: HttpRules): NodeBody | undefined {
  if (body === undefined) {
    throw alreadyRead("set req.body, or mount createNodeHandler before the body parser", rules);
  }
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (!(bytes instanceof Uint8Array)) return { decoded: body };
  return bytes.length > rules.maxBodyBytes ? undefined : textOf(bytes);
}

/** @throws {ProtocolError} `parseError` for bytes that are not UTF-8 */
function textOf(body: Uint8Array): string {
  const bytes =
    body instanceof Buffer ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const text = bytes.toString("utf8");
  // Each invalid sequence becomes U+FFFD, which few bodies contain.
  if (text.includes("\ufffd") && !isUtf8(body)) {
    throw new ProtocolError("parseError", "Parse error: the body is not UTF-8");
  }
  return text;
}

/**
 * Decodes a body as JSON.
 *
 * @throws {ProtocolError} `parseError` when the body is not JSON
 */
export function decodeBody(body: NodeBody, { maxBodyValues }: HttpRules): DecodedJSON {
  if (typeof body !== "string") return measureJSON(body.decoded, maxBodyValues);
  return parseJSON(body, maxBodyValues);
}
