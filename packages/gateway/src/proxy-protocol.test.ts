/** A gateway behind proxies that send the PROXY protocol. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { createAuthority, hasOpenSSL } from "./fixtures/certificates.ts";
import { startPlainServer } from "./fixtures/plain-server.ts";
import { startGateway } from "./gateway.ts";

const header = "PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n";
const binary = Buffer.from("0d0a0d0a000d0a515549540a2111000ccb0071077f00000112670050", "hex");

const body = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "echo",
    arguments: {},
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  },
});
const request = [
  "POST /mcp HTTP/1.1",
  "Host: localhost",
  "Content-Type: application/json",
  "Accept: application/json, text/event-stream",
  "MCP-Protocol-Version: 2026-07-28",
  "Mcp-Method: tools/call",
  "Mcp-Name: echo",
  "X-Forwarded-For: 198.51.100.1",
  `Content-Length: ${body.length}`,
  "",
  body,
].join("\r\n");

async function gatewayOf(listen: Partial<NonNullable<ConfigInput["listen"]>> = {}) {
  const upstream = await startPlainServer();
  const gateway = await startGateway(
    {
      listen: { port: 0, proxyProtocol: true, trustedProxies: ["127.0.0.1"], ...listen },
      admin: false,
      log: false,
      drainMs: 500,
      upstreams: {
        plain: { url: `http://127.0.0.1:${upstream.port}/mcp`, verify: "upstream" },
      },
    },
    { notice: () => {} },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return { ...gateway, port: Number(new URL(gateway.url).port), upstream };
}

function open(port: number): Socket {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** Resolves with the status of the next response, or with "closed". */
function statusOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once("data", (chunk) => resolve(chunk.toString("latin1").slice(9, 12)));
    socket.once("close", () => resolve("closed"));
    socket.once("error", () => resolve("closed"));
  });
}

it.each([
  ["1", Buffer.from(header)],
  ["2", binary],
])("takes the client's address from a header of version %s", async (_version, bytes) => {
  const { port, upstream } = await gatewayOf();
  const socket = open(port);
  socket.write(Buffer.concat([bytes, Buffer.from(request)]));
  expect(await statusOn(socket)).toBe("200");
  expect(upstream.lastHeaders()["x-forwarded-for"]).toBe("203.0.113.7");
  expect(upstream.lastHeaders()["x-real-ip"]).toBe("203.0.113.7");
  socket.write(request);
  expect(await statusOn(socket)).toBe("200");
  expect(upstream.lastHeaders()["x-real-ip"]).toBe("203.0.113.7");
});

it("reads a header and a request that arrive byte by byte", async () => {
  const { port, upstream } = await gatewayOf();
  const socket = open(port).setNoDelay();
  for (const char of header + request.slice(0, 20)) {
    await new Promise((resolve) => socket.write(char, resolve));
  }
  socket.write(request.slice(20));
  expect(await statusOn(socket)).toBe("200");
  expect(upstream.lastHeaders()["x-real-ip"]).toBe("203.0.113.7");
});

it("keeps the address of the proxy for its own connections", async () => {
  const { port, upstream } = await gatewayOf();
  const socket = open(port);
  socket.write(`PROXY UNKNOWN\r\n${request}`);
  expect(await statusOn(socket)).toBe("200");
  expect(upstream.lastHeaders()["x-forwarded-for"]).toBe("198.51.100.1, 127.0.0.1");
});

it.each([
  ["no header", {}, request],
  ["an invalid header", {}, `PROXY TCP4 somewhere\r\n${request}`],
  ["an address that is not trusted", { trustedProxies: ["10.0.0.0/8"] }, header + request],
] as const)("closes a connection with %s", async (_what, listen, bytes) => {
  const { port, upstream } = await gatewayOf(listen as Partial<ConfigInput["listen"]>);
  const socket = open(port);
  socket.write(bytes);
  expect(await statusOn(socket)).toBe("closed");
  expect(upstream.lastHeaders()).toEqual({});
});

describe.skipIf(!hasOpenSSL)("with TLS (needs openssl)", () => {
  it("reads the header before the handshake", async () => {
    const authority = createAuthority();
    const { port, upstream } = await gatewayOf({ tls: authority.issue("gateway") });
    const socket = open(port);
    socket.write(header);
    const secure = connectTls({ socket, ca: readFileSync(authority.ca), host: "localhost" });
    secure.write(request);
    expect(await statusOn(secure)).toBe("200");
    expect(upstream.lastHeaders()).toMatchObject({
      "x-real-ip": "203.0.113.7",
      "x-forwarded-proto": "https",
    });
  });
});
