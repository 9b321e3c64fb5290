/** Sends HTTP requests as bytes, including requests that no HTTP client would send. */
import { connect } from "node:net";

export const version = "2026-07-28";

/** The body of a `tools/call`. */
export function callBody(name: string, args: object = {}): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: args, _meta };
  return JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
}

/** The header lines of a valid `tools/call`, without the ones that frame the body. */
export function callLines(name: string): readonly string[] {
  return [
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `MCP-Protocol-Version: ${version}`,
    "Mcp-Method: tools/call",
    `Mcp-Name: ${name}`,
  ];
}

/** Returns a request as bytes. It asks to close the connection afterwards. */
export function requestOf(
  lines: readonly string[],
  body: string,
  { method = "POST", path = "/mcp" } = {},
): string {
  const head = [`${method} ${path} HTTP/1.1`, ...lines, "Connection: close"];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

export function lengthOf(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}`;
}

export interface RawAnswer {
  /** The status of each response on the connection. */
  readonly statuses: readonly number[];
  readonly text: string;
}

/** Maximum time of an answer, in milliseconds; longer than any valid one takes. */
const patienceMs = 10_000;

/** Sends bytes unchanged. Resolves, once the peer closes the connection, to the answer. */
export function sendRaw(url: string, bytes: string): Promise<RawAnswer> {
  const { port, hostname } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port: Number(port), host: hostname });
    const over = () => {
      clearTimeout(timer);
      const text = Buffer.concat(chunks).toString("latin1");
      const found = text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm);
      resolve({ text, statuses: Array.from(found, ([, status]) => Number(status)) });
    };
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end of the answer; so far: ${Buffer.concat(chunks)}`));
    }, patienceMs);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", over);
    // The peer may refuse a request, and close the connection, while it is still being sent.
    socket.on("error", () => {});
    socket.write(Buffer.from(bytes, "latin1"));
  });
}
