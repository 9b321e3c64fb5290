/**
 * Reads from the bytes of a request what a merged server needs to know, and replaces its name in them.
 *
 * @spec basic/transports/streamable-http#standard-request-headers
 */
import { isUtf8 } from "node:buffer";
import { modernVersions, parseRequestMeta, type RequestMeta, readId } from "lutra/protocol";
import { findObject, membersAt, type Place } from "../delivery/json-members.ts";

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
  /** Returns the bytes of the request with another name. */
  readonly renamed: (name: string) => Buffer;
}

/**
 * Reads a request whose entry the member `name` of its parameters names. Returns undefined for a request
 * that must be parsed: one that is malformed, differs from its head, or carries request state.
 */
export function readCall(body: Buffer, { method, name: expected }: Named): ReadCall | undefined {
  if (!isUtf8(body)) return undefined;
  const text = body.toString("latin1");
  const sent = (place: Place | undefined) => place && body.toString("utf8", place.start, place.end);
  const message = findObject(text)?.members;
  const params = message && membersOf(text, message.get("params"));
  const id = sent(message?.get("id"));
  const name = params?.get("name");
  if (id === undefined || params === undefined || name === undefined) return undefined;
  if (readId({ id: valueIn(id) }) === undefined) return undefined;
  if (sent(message?.get("jsonrpc")) !== '"2.0"') return undefined;
  if (valueIn(sent(message?.get("method"))) !== method) return undefined;
  if (valueIn(sent(name)) !== expected || params.has("requestState")) return undefined;
  const meta = metaIn(sent(params.get("_meta")));
  return meta && { id, meta, renamed: (other) => replaced(body, name, other) };
}

function membersOf(text: string, place: Place | undefined) {
  return place && membersAt(text, place.start)?.members;
}

function metaIn(text: string | undefined): RequestMeta | undefined {
  try {
    return parseRequestMeta({ _meta: valueIn(text) }, modernVersions);
  } catch {
    // The request is refused with the error once it is parsed.
    return undefined;
  }
}

function valueIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function replaced(body: Buffer, { start, end }: Place, name: string): Buffer {
  const written = Buffer.from(JSON.stringify(name));
  return Buffer.concat([body.subarray(0, start), written, body.subarray(end)]);
}
