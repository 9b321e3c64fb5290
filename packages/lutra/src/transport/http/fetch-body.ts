import { ByteBuffer } from "../byte-buffer.ts";
import { alreadyRead, decodeUTF8, requireUTF8 } from "./read-message.ts";
import type { HttpRules } from "./rules.ts";

/** A request body, as text where the platform provides text at a lower cost. */
export type FetchBody = string | ArrayBuffer | Uint8Array;

/**
 * Reads the body of a request. Resolves to undefined for a body that is known to be above
 * `maxBodyBytes`. The caller passes the result to `withinLimit`, because a check here would cost
 * another promise.
 *
 * @param length The header `Content-Length`, which takes long to read with some adapters
 * @throws {ProtocolError} `internalError` for a body that was read before
 */
export function readBody(
  http: Request,
  length: string | undefined,
  rules: HttpRules,
): Promise<FetchBody | undefined> | undefined {
  if (http.bodyUsed) throw alreadyRead("pass an unread request.clone()", rules);
  if (length === undefined) return readChunks(http, rules.maxBodyBytes);
  if (Number(length) > rules.maxBodyBytes) return undefined;
  const isText = hasOwnText(http) && !http.headers.has("content-encoding");
  return isText ? http.text() : http.arrayBuffer();
}

/** Returns the body, or undefined when it is above the limit. */
export function withinLimit(body: FetchBody | undefined, maxBytes: number): FetchBody | undefined {
  if (body === undefined) return undefined;
  const length = typeof body === "string" ? body.length : body.byteLength;
  return length > maxBytes ? undefined : body;
}

/**
 * Decodes a body as text.
 *
 * @throws {ProtocolError} `parseError` when the body is not UTF-8
 */
export function decodeBody(body: FetchBody, length: string | undefined): string {
  if (typeof body !== "string") {
    return decodeUTF8(body instanceof Uint8Array ? body : new Uint8Array(body));
  }
  requireUTF8(body, Number(length));
  return body;
}

/**
 * Returns true for the requests of adapters that read a `node:http` connection themselves. For
 * those, bytes would cost one more copy, which takes longer than all checks, and Node has counted
 * the bytes of `Content-Length`. The body of any other request may have been replaced while its
 * headers were not, so its `Content-Length` proves nothing.
 */
function hasOwnText(http: Request): boolean {
  return http.text !== Request.prototype.text;
}

async function readChunks(http: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const body = new ByteBuffer();
  for await (const chunk of http.body ?? []) {
    if (body.length + chunk.length > maxBytes) return undefined;
    body.append(chunk);
  }
  return body.bytes();
}
