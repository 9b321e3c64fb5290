/** The socket of an HTTP server: over TCP or a Unix socket, with or without TLS. */
import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { TLSSocket, Server as TlsServer } from "node:tls";
import { requestOptions } from "./node-request-headers.ts";

/** A certificate, its key and the oldest version of TLS, as Node expects them. */
export interface TlsSettings {
  /** The certificate and the chain to its authority, in PEM. */
  readonly cert: string;
  /** The private key, in PEM. */
  readonly key: string;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** The authorities of the certificates of clients, in PEM. */
  readonly ca?: string | undefined;
  /** True if clients must present a certificate of these authorities. @default false */
  readonly requestCert?: boolean | undefined;
}

/** The place of a listener: an address and a port, or the path of a Unix socket. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket, in place of the address. */
  readonly socket?: string | undefined;
  /** The permissions of the socket's file. @default those that the process gives to new files */
  readonly mode?: number | undefined;
}

/** Maximum time for a complete request to arrive, in milliseconds. Node answers 408 after it. */
const maxRequestMs = 120_000;
/** Maximum time for the handshake of TLS, in milliseconds. */
const maxHandshakeMs = 10_000;

/** The names of HTTP/2 and HTTP/1.1 in the handshake of TLS. */
const [http2Protocol, http1Protocol] = ["h2", "http/1.1"];

/**
 * Creates a server that does not listen yet. With `tls`, it accepts only TLS.
 *
 * @param offersHttp2 True to let clients choose HTTP/2 in the handshake of TLS
 */
export function createWebServer(tls: TlsSettings | undefined, offersHttp2 = false): HttpServer {
  if (tls === undefined) {
    return createHttpServer({ requestTimeout: maxRequestMs, ...requestOptions });
  }
  const timeouts = { requestTimeout: maxRequestMs, handshakeTimeout: maxHandshakeMs };
  const protocols = offersHttp2 ? [http2Protocol, http1Protocol] : [http1Protocol];
  const options = { ...tls, ...timeouts, ...requestOptions, ALPNProtocols: protocols };
  // Node's types do not relate the two servers, which have the same members.
  return createHttpsServer(options) as unknown as HttpServer;
}

/** Returns true for a connection whose client has chosen HTTP/2. */
export function hasHttp2(socket: Socket): boolean {
  return socket instanceof TLSSocket && socket.alpnProtocol === http2Protocol;
}

/** Replaces the certificate for new connections. Open ones keep theirs. */
export function renewTls(http: Server, tls: TlsSettings): void {
  if (http instanceof TlsServer) http.setSecureContext(tls);
}

/** Returns true for a server that accepts only TLS. */
export function hasTls(http: Server): boolean {
  return http instanceof TlsServer;
}

/** The event of a connection that can carry requests: with TLS, after the handshake. */
export function connectionEvent(http: Server): "connection" | "secureConnection" {
  return hasTls(http) ? "secureConnection" : "connection";
}

/**
 * Listens. The file of a Unix socket is replaced if no process listens on it.
 *
 * @throws {Error} Node's error, such as `EADDRINUSE`
 */
export async function listenAt(http: Server, place: ListenPlace): Promise<void> {
  const { port, host, socket, mode } = place;
  if (socket === undefined) return listening(http, () => http.listen(port, host));
  const listen = () => listening(http, () => http.listen(socket));
  await listen().catch(async (error: unknown) => {
    if (!(await isStale(socket, error))) throw error;
    unlinkSync(socket);
    await listen();
  });
  if (mode !== undefined) chmodSync(socket, mode);
}

function listening(http: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = () => {
      http.off("error", onError);
      resolve();
    };
    const onError = (error: Error) => {
      http.off("listening", onListening);
      reject(error);
    };
    http.once("error", onError);
    http.once("listening", onListening);
    listen();
  });
}

/**
 * The address of peers on Unix sockets, which have none. It differs from that of a connection that has
 * closed before its address was read.
 */
export const unixAddress = "unix";

/** Sets the address of connections to a Unix socket to `unixAddress`. */
export function namePeers(http: Server): void {
  for (const event of ["connection", connectionEvent(http)]) {
    http.prependListener(event, (socket: Socket) => setAddress(socket, unixAddress));
  }
}

/** Replaces the address of the peer of a connection. */
export function setAddress(socket: Socket, address: string): void {
  Object.defineProperty(socket, "remoteAddress", { value: address, configurable: true });
}

/** Returns true if a process that has ended left the file of the socket. */
async function isStale(path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Error) || Reflect.get(error, "code") !== "EADDRINUSE") return false;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  return new Promise((resolve) => {
    const probe = connect(path);
    const end = (stale: boolean) => {
      probe.destroy();
      resolve(stale);
    };
    probe.once("connect", () => end(false));
    probe.once("error", (refusal: NodeJS.ErrnoException) => end(refusal.code === "ECONNREFUSED"));
  });
}

/** The URL of a listening server without a path, its port, and whether it is local. */
export interface ListeningPlace {
  readonly url: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  readonly isLocal: boolean;
}

/** @param place The configured host, and the address if another process listens for the server */
export function placeOf(
  http: Server,
  { host, at = http.address() as AddressInfo | string }: ListenedPlace,
): ListeningPlace {
  return placeAt(at, { host, isEncrypted: hasTls(http) });
}

interface ListenedPlace extends Pick<ListenPlace, "host"> {
  readonly at?: AddressInfo | string | undefined;
}

/** Returns the place of a listening socket, given the configured host. */
export function placeAt(
  at: AddressInfo | string,
  { host, isEncrypted }: Pick<ListenPlace, "host"> & { readonly isEncrypted: boolean },
): ListeningPlace {
  if (typeof at === "string") return { url: `unix:${at}:`, port: 0, isLocal: true };
  const { address, port } = at;
  return {
    url: `${isEncrypted ? "https" : "http"}://${reachable(host, address)}:${port}`,
    port,
    isLocal: address === "::1" || address.startsWith("127."),
  };
}

/**
 * Returns the host of a URL that works on this machine. An unspecified address, which means all
 * addresses, becomes a loopback address: as a name in `Host`, only that is accepted on loopback.
 */
function reachable(host: string, address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  if (address === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
