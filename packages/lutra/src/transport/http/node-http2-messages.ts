/** Requests and responses of HTTP/2, in the form that handlers for HTTP/1.1 expect. */
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { ReadableOptions } from "node:stream";

/** The part of a socket that handlers read, for one stream. */
class StreamSocket {
  readonly encrypted = true;
  readonly remoteAddress: string | undefined;
  readonly localAddress: string | undefined;
  /** Number of bytes of the body that have arrived. */
  bytesRead = 0;
  /** Number of bytes of the response. */
  bytesWritten = 0;

  constructor({ session }: ServerHttp2Stream) {
    this.remoteAddress = session?.socket.remoteAddress;
    this.localAddress = session?.socket.localAddress;
  }
}

const sockets = new WeakMap<object, StreamSocket>();

/** Returns the socket of a stream; one for its request and its response. */
function socketOf(stream: ServerHttp2Stream): StreamSocket {
  let socket = sockets.get(stream);
  if (socket === undefined) {
    socket = new StreamSocket(stream);
    sockets.set(stream, socket);
  }
  return socket;
}

export class StreamRequest extends Http2ServerRequest {
  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    options: ReadableOptions,
    rawHeaders: readonly string[],
  ) {
    const host = headers[":authority"] ?? headers.host;
    super(stream, completeHeaders(stream, headers, host), options, plainHeaders(rawHeaders, host));
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk instanceof Uint8Array) socketOf(this.stream).bytesRead += chunk.length;
    return super.push(chunk, encoding);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (error !== null) this.stream.close(constants.NGHTTP2_CANCEL);
    callback(error);
  }
}

/** Adds the headers that HTTP/1.1 would have: the host, and the framing of a body without a length. */
function completeHeaders(
  { endAfterHeaders }: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  host: string | undefined,
): IncomingHttpHeaders {
  if (host !== undefined) headers.host = host;
  if (!endAfterHeaders && headers["content-length"] === undefined) {
    headers["transfer-encoding"] = "chunked";
  }
  return headers;
}

/** Returns the headers without pseudo-headers, with one `Host` and one `Cookie` (RFC 9113, 8.2.3). */
function plainHeaders(rawHeaders: readonly string[], host: string | undefined): string[] {
  const plain = host === undefined ? [] : ["host", host];
  const cookies: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    if (name === "cookie") cookies.push(value);
    else if (name !== "host" && !name.startsWith(":")) plain.push(name, value);
  }
  if (cookies.length > 0) plain.push("cookie", cookies.join("; "));
  return plain;
}

type Headers = OutgoingHttpHeaders | readonly string[];

export class StreamResponse extends Http2ServerResponse {
  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (!isOfConnection(name)) super.setHeader(name, value);
  }

  override writeHead(status: number, ...args: readonly unknown[]): this {
    const headers = args.at(-1) as Headers | undefined;
    if (headers === undefined || typeof headers === "string") return super.writeHead(status);
    return super.writeHead(status, withoutConnection(headers) as OutgoingHttpHeaders);
  }

  override write(...args: unknown[]): boolean {
    const [chunk, encoding] = args;
    const size =
      typeof chunk === "string"
        ? Buffer.byteLength(
            chunk,
            typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8",
          )
        : (chunk as Uint8Array).length;
    socketOf(this.stream).bytesWritten += size;
    return super.write(...(args as [string]));
  }

  /** Aborts the stream, so that the client does not take what it has for the whole response. */
  override destroy(): this {
    const { stream } = this;
    if (!stream.destroyed && !stream.closed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return this;
  }
}

// The declarations of Node's classes have properties in place of these accessors.
const isComplete = Object.getOwnPropertyDescriptor(Http2ServerRequest.prototype, "complete")?.get;
define(StreamRequest, "complete", function () {
  return isComplete?.call(this) || this.stream.endAfterHeaders;
});
for (const message of [StreamRequest, StreamResponse]) {
  define(message, "socket", function () {
    return socketOf(this.stream);
  });
}
// A stream that the client has reset counts as finished otherwise.
const isFinished = Object.getOwnPropertyDescriptor(
  Http2ServerResponse.prototype,
  "writableFinished",
)?.get;
define(StreamResponse, "writableFinished", function () {
  return isFinished?.call(this) && this.stream.rstCode === constants.NGHTTP2_NO_ERROR;
});
for (const name of ["destroyed", "closed"] as const) {
  define(StreamResponse, name, function () {
    return this.stream[name];
  });
}

type Message = StreamRequest | StreamResponse;

function define(
  { prototype }: { readonly prototype: Message },
  name: string,
  get: (this: Message) => unknown,
): void {
  Object.defineProperty(prototype, name, { get, configurable: true });
}

/** Returns the headers of a response without those of the connection, which HTTP/2 does not allow. */
function withoutConnection(headers: Headers): Headers {
  if (isList(headers)) {
    return headers.filter((_text, index) => !isOfConnection(headers[index - (index % 2)] ?? ""));
  }
  if (!Object.keys(headers).some(isOfConnection)) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isOfConnection(name)));
}

function isList(headers: Headers): headers is readonly string[] {
  return Array.isArray(headers);
}

const connectionHeaders: ReadonlySet<string> = new Set([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"],
]);

function isOfConnection(name: string): boolean {
  return connectionHeaders.has(name.toLowerCase());
}
