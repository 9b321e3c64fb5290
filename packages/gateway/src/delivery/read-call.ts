/**
 * Reads from the bytes of a request what its delivery needs to know, and replaces its name in them.
 *
 * @spec basic/transports/streamable-http#standard-request-headers
 */
import { isAscii, isUtf8 } from "node:buffer";
import {
  isObject,
  type JSONObject,
  modernVersions,
  parseRequestMeta,
  type RequestMeta,
  readId,
} from "lutra/protocol";
import { findObject, membersAt, type Place } from "./json-members.ts";

/** The method and the name in the head of a request. */
interface Named {
  readonly method: string;
  readonly name: string;
}

/** A request that was read, except for its arguments. */
export interface ReadCall {
  /** The id, as the client wrote it. */
  readonly id: string;
  readonly meta: RequestMeta;
  /** The member `_meta` of the parameters. */
  readonly sentMeta: JSONObject;
  /** The whole request. */
  readonly body: Buffer;
  /** The same as text in Latin-1. */
  readonly text: string;
  /** The places of the parameters in the text. */
  readonly params: ReadonlyMap<string, Place>;
  /** Returns the bytes of the request with another name. */
  readonly renamed: (name: string) => Buffer;
}

/**
 * Reads a request whose entry the member `name` of its parameters names. Returns undefined for a request
 * that must be parsed: one that is malformed, differs from its head, or carries request state.
 */
export function readCall(body: Buffer, { method, name: expected }: Named): ReadCall | undefined {
  const isPlain = isAscii(body);
  if (!isPlain && !isUtf8(body)) return undefined;
  const text = body.toString("latin1");
  const sent = (place: Place | undefined) => {
    if (place === undefined) return undefined;
    const { start, end } = place;
    return isPlain ? text.slice(start, end) : body.toString("utf8", start, end);
  };
  const message = findObject(text)?.members;
  const params = message && membersOf(text, message.get("params"));
  const id = sent(message?.get("id"));
  const name = params?.get("name");
  if (id === undefined || params === undefined || name === undefined) return undefined;
  if (readId({ id: valueIn(id) }) === undefined) return undefined;
  if (sent(message?.get("jsonrpc")) !== '"2.0"') return undefined;
  if (valueIn(sent(message?.get("method"))) !== method) return undefined;
  if (valueIn(sent(name)) !== expected || params.has("requestState")) return undefined;
  const sentMeta = valueIn(sent(params.get("_meta")));
  const meta = metaIn(sentMeta);
  if (meta === undefined || !isObject(sentMeta)) return undefined;
  const renamed = (other: string) => replaced(body, name, other);
  return { id, meta, sentMeta, body, text, params, renamed };
}

function membersOf(text: string, place: Place | undefined) {
  return place && membersAt(text, place.start)?.members;
}

function metaIn(_meta: unknown): RequestMeta | undefined {
  try {
    return parseRequestMeta({ _meta }, modernVersions);
  } catch {
    // The request is refused with the error once it is parsed.
    return undefined;
  }
}

/** A string of JSON in ASCII without escapes. */
const plainString = /^"[ !#-[\]-~]*"$/;

function valueIn(text: string | undefined): unknown {
  try {
    if (text === undefined) return undefined;
    return plainString.test(text) ? text.slice(1, -1) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function replaced(body: Buffer, { start, end }: Place, name: string): Buffer {
  const written = Buffer.from(JSON.stringify(name));
  return Buffer.concat([body.subarray(0, start), written, body.subarray(end)]);
}
