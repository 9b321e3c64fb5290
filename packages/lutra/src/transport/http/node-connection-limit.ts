/** Limits the open connections of a server, and answers those beyond the limit with 503. */
import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { hasTls } from "./node-listener.ts";

/** Maximum number of open connections, if the process may open enough files. */
const defaultMaxConnections = 20_000;
/** Part of the file descriptors of the process that connections of clients may use. */
const share = 0.5;

const refusal =
  "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** Returns the default limit: half of the process's file descriptors, at most 20,000. */
export function defaultConnections(): number {
  const files = openFilesLimit();
  return Math.min(defaultMaxConnections, Math.max(1, Math.floor(files * share)));
}

function openFilesLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    // Only Linux has this file.
    return Number.POSITIVE_INFINITY;
  }
}

/** Number of open connections, of one listener or of several that share a limit. */
export interface ConnectionCount {
  open: number;
}

export interface ConnectionLimit {
  readonly max: number;
  readonly onLimit: (max: number) => void;
  /** @default a count for this server alone */
  readonly count?: ConnectionCount | undefined;
}

/**
 * Answers a connection with 503 and closes it. With TLS, it is closed without an answer, because the
 * handshake would cost more than a request.
 */
export function refuseConnection(socket: Socket, isEncrypted: boolean): void {
  socket.on("error", () => {});
  // Listeners of the event expect an open socket.
  if (isEncrypted) process.nextTick(() => socket.destroy());
  else socket.end(refusal, () => socket.destroy());
}

/** Refuses connections beyond the limit. A connection costs nothing for each request. */
export function limitConnections(
  http: HttpServer,
  { max, onLimit, count = { open: 0 } }: ConnectionLimit,
): void {
  const isEncrypted = hasTls(http);
  let isReported = false;
  http.prependListener("connection", (socket: Socket) => {
    count.open += 1;
    socket.once("close", () => {
      count.open -= 1;
      // Reported again after the number has been well below the limit.
      if (count.open < max / 2) isReported = false;
    });
    if (count.open <= max) return;
    refuseConnection(socket, isEncrypted);
    if (isReported) return;
    isReported = true;
    onLimit(max);
  });
}
