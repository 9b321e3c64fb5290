/**
 * The headers of requests, read by the names that earlier requests on the connection had. A client sends
 * the same names in the same order with nearly every request, and Node's own reading looks up each
 * name, which costs several times as much.
 */
import { type IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Maximum number of shapes of one connection. A proxy sends the requests of several clients. */
const maxShapes = 4;

/** The shapes of a connection. Absent until its first request. */
const shapesOf = Symbol("header shapes");

interface ShapedSocket extends Socket {
  [shapesOf]?: HeaderShape[];
}

/** The headers of a request that were read. A proxy, or an object that inherits, must be able to read them. */
const readOf = Symbol("headers");

/** Node's accessor. Other runtimes may have a plain property, which can't be read in another way. */
const { get: readByNode, set: keepInNode } =
  Object.getOwnPropertyDescriptor(IncomingMessage.prototype, "headers") ?? {};

/** The names of the headers of a request. */
interface HeaderShape {
  /** The names as they were sent. */
  readonly sent: readonly string[];
  /** The names in lower case, in the same order. */
  readonly names: readonly string[];
  /** An object with these names, of which a copy costs less than adding each name. */
  readonly empty: { readonly [name: string]: string };
}

/** Returns the shape of headers. Undefined if a name is repeated, or if a value is not one text. */
function shapeIn(
  rawHeaders: readonly string[],
  headers: IncomingHttpHeaders,
): HeaderShape | undefined {
  const sent = rawHeaders.filter((_text, index) => index % 2 === 0);
  const names = Object.keys(headers);
  const isKnown = (name: string, index: number) =>
    sent[index]?.toLowerCase() === name && headers[name] === rawHeaders[2 * index + 1];
  if (names.length !== sent.length || !names.every(isKnown)) return undefined;
  return { sent, names, empty: Object.fromEntries(names.map((name) => [name, ""])) };
}

/** Reads headers of a shape. Returns undefined for those with other names or in another order. */
function readShaped(
  rawHeaders: readonly string[],
  { sent, names, empty }: HeaderShape,
): IncomingHttpHeaders | undefined {
  if (rawHeaders.length !== 2 * sent.length) return undefined;
  for (let index = 0; index < sent.length; index += 1) {
    if (rawHeaders[2 * index] !== sent[index]) return undefined;
  }
  const headers: Record<string, string> = { ...empty };
  for (let index = 0; index < names.length; index += 1) {
    headers[names[index] as string] = rawHeaders[2 * index + 1] as string;
  }
  return headers;
}

/** A request whose `headers` are equal to Node's. */
class ShapedRequest extends IncomingMessage {
  [readOf]: IncomingHttpHeaders | undefined;

  static {
    // Node declares a property, which an accessor of a subclass can't override.
    Object.defineProperty(ShapedRequest.prototype, "headers", {
      configurable: true,
      get(this: ShapedRequest) {
        const known = this[readOf];
        if (known !== undefined) return known;
        const headers = readHeaders(this);
        // Frameworks replace the prototype, after which Node's accessor is used.
        keepInNode?.call(this, headers);
        this[readOf] = headers;
        return headers;
      },
      set(this: ShapedRequest, headers: IncomingHttpHeaders) {
        keepInNode?.call(this, headers);
        this[readOf] = headers;
      },
    });
  }
}

function readHeaders(req: IncomingMessage): IncomingHttpHeaders {
  const { rawHeaders } = req;
  const socket: ShapedSocket | null = req.socket;
  const shapes = socket?.[shapesOf];
  if (shapes !== undefined) {
    for (const shape of shapes) {
      const headers = readShaped(rawHeaders, shape);
      if (headers !== undefined) return headers;
    }
  }
  const headers: IncomingHttpHeaders = readByNode?.call(req);
  // Many connections carry only one request.
  if (shapes === undefined) {
    if (socket !== null) socket[shapesOf] = [];
  } else if (shapes.length < maxShapes) {
    const shape = shapeIn(rawHeaders, headers);
    if (shape !== undefined) shapes.push(shape);
  }
  return headers;
}

/** The class of the requests of a server, as an option of `createServer`. */
export const requestOptions: { readonly IncomingMessage?: typeof IncomingMessage } =
  readByNode === undefined ? {} : { IncomingMessage: ShapedRequest };
