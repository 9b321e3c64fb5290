/** Requests that Node can't parse, or that have too many headers. */
import type { Server as HttpServer, IncomingMessage, RequestListener } from "node:http";
import type { Socket } from "node:net";
import { plainAddress } from "../../protocol/caller.ts";
import { respond } from "./node-end-early.ts";

/** A request that was refused before it could be read. */
export interface MalformedRequest {
  /** The status of the response; 0 if the connection closed before one could be sent. */
  readonly status: number;
  /** The address of the peer; empty if it is unknown. */
  readonly address: string;
}

/** Maximum number of headers. Node would pass on the first 1000 and drop the others. */
export const maxHeaders = 1000;

/** The statuses of Node's errors. Other errors get 400. */
const statuses = new Map<unknown, number>([
  ["HPE_HEADER_OVERFLOW", 431],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", 413],
  ["ERR_HTTP_REQUEST_TIMEOUT", 408],
]);

const reasons = new Map([
  [400, "Bad Request"],
  [408, "Request Timeout"],
  [413, "Payload Too Large"],
  [431, "Request Header Fields Too Large"],
]);

/** Answers malformed requests of a server as Node does, and calls `onMalformed` for each. */
export function watchMalformed(
  http: HttpServer,
  onMalformed: (request: MalformedRequest) => void,
): void {
  http.on("clientError", (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    const address = plainAddress(socket.remoteAddress ?? "");
    const isUnanswerable = isGone(error) || isOfHandshake(error) || !socket.writable;
    const status = isUnanswerable ? 0 : (statuses.get(error.code) ?? 400);
    // A response that has begun can't be followed by another one, and its request was counted.
    const isAnswered = hasBegun(socket);
    if (status !== 0 && !isAnswered) {
      socket.write(`HTTP/1.1 ${status} ${reasons.get(status)}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
    if (!isGone(error) && !isAnswered) onMalformed({ status, address });
  });
}

/** Errors of a connection that the peer has closed or reset; not those of a request. */
function isGone({ code }: NodeJS.ErrnoException): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}

/** Errors of TLS before a request: there is no connection on which an answer could be sent. */
function isOfHandshake({ code = "" }: NodeJS.ErrnoException): boolean {
  return code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_");
}

/** Returns true if a response on the connection has begun. Node keeps it in an internal member. */
function hasBegun(socket: Socket): boolean {
  const response: unknown = Reflect.get(socket, "_httpMessage");
  return Reflect.get(Object(response), "headersSent") === true;
}

/** Returns a listener that refuses requests with more headers than Node passes on. */
export function withinHeaders(
  http: HttpServer,
  handle: RequestListener,
  onMalformed: (request: MalformedRequest) => void,
): RequestListener {
  // Their size in all is limited by `maxHeaderSize`.
  http.maxHeadersCount = 0;
  return (req, res) => {
    if (req.rawHeaders.length <= 2 * maxHeaders) return handle(req, res);
    respond(res, { status: 431, headers: { connection: "close", "content-length": "0" } });
    onMalformed({ status: 431, address: addressOf(req) });
  };
}

function addressOf({ socket }: IncomingMessage): string {
  return plainAddress(socket.remoteAddress ?? "");
}
