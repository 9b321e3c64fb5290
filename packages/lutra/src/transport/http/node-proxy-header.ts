/**
 * The PROXY protocol: a header in front of a connection, in which a proxy names the address of its
 * client. Versions 1 (text) and 2 (binary).
 */
import { isIP, type Server, type Socket, SocketAddress } from "node:net";
import { hasTls, setAddress } from "./node-listener.ts";

export interface ProxyHeaderOptions {
  /** Returns true for the address of a proxy that may send a header. */
  readonly isTrusted: (address: string) => boolean;
  /** Called with the address of a peer whose connection is closed without an answer. */
  readonly onRefused: (address: string) => void;
}

/** A header at the beginning of a connection. */
export type ProxyHeader =
  | {
      readonly kind: "complete";
      readonly bytes: number;
      /** The address of the client. Undefined for a connection of the proxy itself. */
      readonly address: string | undefined;
    }
  | { readonly kind: "incomplete" }
  | { readonly kind: "invalid" };

/** Maximum size of a header, in bytes. Proxies add a few values of up to some hundred bytes. */
const maxHeaderBytes = 2048;
/** Maximum time for a header to arrive, in milliseconds. */
const maxHeaderMs = 5000;

/**
 * Requires a header from each connection, and gives the connection the address in it. Must be called
 * before other listeners for connections are added.
 */
export function requireProxyHeader(http: Server, options: ProxyHeaderOptions): void {
  const accept = http.listeners("connection");
  http.removeAllListeners("connection");
  const clients = new WeakMap<object, string>();
  http.on("connection", (socket: Socket) => {
    const proxy = socket.remoteAddress ?? "";
    const refuse = () => {
      socket.destroy();
      options.onRefused(proxy);
    };
    // Until the server has the socket, nothing else listens for errors.
    socket.on("error", () => {});
    if (!options.isTrusted(proxy)) return refuse();
    readHeader(socket, refuse, (address) => {
      if (address !== undefined) {
        clients.set(socket, address);
        setAddress(socket, address);
      }
      for (const listener of accept) listener.call(http, socket);
      process.nextTick(() => socket.resume());
    });
  });
  if (!hasTls(http)) return;
  http.on("secureConnection", (socket: Socket) => {
    // Node keeps the socket below in an internal member.
    const address = clients.get(Object(Reflect.get(socket, "_parent")));
    if (address !== undefined) setAddress(socket, address);
  });
}

function readHeader(
  socket: Socket,
  refuse: () => void,
  accept: (address: string | undefined) => void,
): void {
  let read = Buffer.alloc(0);
  const timer = setTimeout(() => end(refuse), maxHeaderMs);
  const onClose = () => end(() => {});
  const onData = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const header = parseProxyHeader(read);
    if (header.kind === "incomplete") return;
    end(() => {
      if (header.kind === "invalid") return refuse();
      socket.pause();
      if (read.length > header.bytes) socket.unshift(read.subarray(header.bytes));
      accept(header.address);
    });
  };
  function end(then: () => void): void {
    clearTimeout(timer);
    socket.off("data", onData);
    socket.off("close", onClose);
    then();
  }
  socket.on("close", onClose);
  socket.on("data", onData);
}

/** The first bytes of a header of version 2. */
const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const prefix = Buffer.from("PROXY ", "latin1");

/** Parses the header at the beginning of a connection. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, signature)) return parseBinary(bytes);
  if (startsLike(bytes, prefix)) return parseText(bytes);
  return { kind: "invalid" };
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

/** Maximum length of a header of version 1, with its line break. */
const maxTextBytes = 107;

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`, or `PROXY UNKNOWN`. */
function parseText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, maxTextBytes).indexOf("\r\n");
  if (end === -1) return { kind: bytes.length < maxTextBytes ? "incomplete" : "invalid" };
  const line = bytes.toString("latin1", 0, end);
  const complete = { kind: "complete", bytes: end + 2 } as const;
  if (/^PROXY UNKNOWN(?: |$)/.test(line)) return { ...complete, address: undefined };
  const [, version, address = ""] = /^PROXY TCP([46]) (\S+) \S+ \d{1,5} \d{1,5}$/.exec(line) ?? [];
  if (version === undefined || isIP(address) !== Number(version)) return { kind: "invalid" };
  return { ...complete, address };
}

/** The number of bytes before the addresses of version 2. */
const fixedBytes = 16;
const families = {
  17: { addressBytes: 4, minBytes: 12 },
  33: { addressBytes: 16, minBytes: 36 },
} as const;

function parseBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < fixedBytes) return { kind: "incomplete" };
  const [command = 0, family = 0] = bytes.subarray(signature.length);
  const length = bytes.readUInt16BE(signature.length + 2);
  const whole = fixedBytes + length;
  const isLocal = command === 0x20;
  if ((command !== 0x21 && !isLocal) || whole > maxHeaderBytes) return { kind: "invalid" };
  const known = Object.hasOwn(families, family) ? families[family as 0x11 | 0x21] : undefined;
  if (!isLocal && known !== undefined && length < known.minBytes) return { kind: "invalid" };
  if (bytes.length < whole) return { kind: "incomplete" };
  const complete = { kind: "complete", bytes: whole } as const;
  // Other families, such as Unix sockets, have no address of use.
  if (isLocal || known === undefined) return { ...complete, address: undefined };
  const source = bytes.subarray(fixedBytes, fixedBytes + known.addressBytes);
  return { ...complete, address: textOf(source) };
}

/** Returns the usual notation of an address, so that one client has one name. */
function textOf(source: Buffer): string {
  if (source.length === 4) return [...source].join(".");
  const groups = Array.from({ length: 8 }, (_, index) => source.readUInt16BE(2 * index));
  const address = groups.map((group) => group.toString(16)).join(":");
  return new SocketAddress({ address, family: "ipv6" }).address;
}
