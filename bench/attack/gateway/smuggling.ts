/** Requests that two HTTP parsers could read differently. */

import {
  callBody,
  callLines,
  lengthOf,
  requestOf,
  sendRaw,
} from "../../../test/gateway/raw-http.ts";
import { startRecordingUpstream } from "../../../test/gateway/recording-upstream.ts";
import type { Part } from "../part.ts";
import { type GatewayAttack, type Observation, partOf, tally } from "./attack.ts";
import { attackGateway } from "./attacked-gateway.ts";

/** Returns the bytes of a request, to whose lines and body an attacker adds. */
type Shape = (lines: readonly string[], body: string) => string;

const hidden = "smuggled";
const body = callBody("who");
const lines = callLines("who");

/** A whole request that must never be read as one. */
const inner = (() => {
  const text = callBody("echo", { text: hidden });
  return `POST /mcp HTTP/1.1\r\n${callLines("echo").join("\r\n")}\r\n${lengthOf(text)}\r\n\r\n${text}`;
})();

const chunked = (text: string, size = Buffer.byteLength(text).toString(16)) =>
  `${size}\r\n${text}\r\n0\r\n\r\n`;

const framed = (...framing: readonly string[]): Shape => {
  return (own, text) => requestOf([...own, ...framing], chunked(text)) + inner;
};
const inChunks = (chunks: (text: string, size: string) => string): Shape => {
  return (own, text) => {
    const size = Buffer.byteLength(text).toString(16);
    return requestOf([...own, "Transfer-Encoding: chunked"], chunks(text, size)) + inner;
  };
};
const spoiled = (spoil: (head: string) => string): Shape => {
  return (own, text) => {
    const [head = ""] = requestOf([...own, lengthOf(text)], "").split("\r\n\r\n");
    return `${spoil(head)}\r\n\r\n${text}${inner}`;
  };
};
const withLines = (...more: readonly string[]): Shape => {
  return (own, text) => requestOf([...own, ...more, lengthOf(text)], text) + inner;
};

const framings: readonly Shape[] = [
  (own, text) => framed(lengthOf(text), "Transfer-Encoding: chunked")(own, text),
  framed("Transfer-Encoding: chunked", "Content-Length: 4"),
  framed("Content-Length: 0", "Transfer-Encoding: chunked"),
  framed("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
  framed("Transfer-Encoding: identity", "Transfer-Encoding: chunked"),
  framed("Transfer-Encoding: chunked, identity"),
  framed("Transfer-Encoding: xchunked"),
  framed("Transfer-Encoding: gzip"),
  framed("Transfer-Encoding : chunked"),
  framed("Transfer-Encoding:\tchunked\r\n x"),
  framed("Transfer-Encoding:\r\n chunked", "Content-Length: 3"),
  framed("X: y\nTransfer-Encoding: chunked"),
  framed("X: y\rTransfer-Encoding: chunked"),
  framed('Transfer-Encoding: "chunked"'),
  framed("Transfer-Encoding: chunked\0"),
  framed("Content-Length: 0", "Content-Length: 5"),
  framed("Content-Length: 5", "Content-Length: 5"),
  framed("Content-Length: 5, 5"),
  framed("Content-Length: +5"),
  framed("Content-Length: -1"),
  framed("Content-Length: 0x5"),
  framed("Content-Length: 5 "),
  framed("Content-Length: 99999999999999999999"),
  framed("Content-Length:"),
  framed("Content-Length: 0"),
  framed("Content Length: 5"),
];

const chunkings: readonly Shape[] = [
  inChunks((text, size) => `0x${size}\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `-${size}\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `+${size}\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => ` ${size}\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `${size}\r${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `${size}\n${text}\n0\n\n`),
  inChunks((text, size) => `${size};a="\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `${size};${"x".repeat(20_000)}\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text) => `ffffffffffffffffff\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text) => `\r\n${text}\r\n0\r\n\r\n`),
  inChunks((text, size) => `${size}\r\n${text}more\r\n0\r\n\r\n`),
  inChunks((text, size) => `${size}\r\n${text}0\r\n\r\n`),
  inChunks((text, size) => `${size}\r\n${text}\r\n0\r\nContent-Length: 5\r\n\r\n`),
  inChunks((text, size) => `${size}\r\n${text}\r\n0\r\nMcp-Name: echo\r\n\r\n`),
  inChunks((text, size) => `${size}\r\n${text}\r\n00\r\n\r\n`),
];

const heads: readonly Shape[] = [
  spoiled((head) => head.replaceAll("\r\n", "\n")),
  spoiled((head) => head.replace(/\r\n(?=Mcp-Name)/, "\n")),
  spoiled((head) => head.replace(/\r\n(?=Mcp-Name)/, "\r")),
  spoiled((head) => head.replace("Mcp-Name:", "Mcp-Name :")),
  spoiled((head) => head.replace("Mcp-Name: ", "Mcp-Name:\r\n ")),
  spoiled((head) => head.replace("who", "w\0ho")),
  spoiled((head) => head.replace("who", "w\rho")),
  spoiled((head) => head.replace("Host:", " Host:")),
  spoiled((head) => head.replace("Host:", "Host: 127.0.0.1\r\nHost:")),
  spoiled((head) => head.replace("Host: 127.0.0.1\r\n", "")),
  spoiled((head) => head.replace("HTTP/1.1", "HTTP/1.0")),
  spoiled((head) => head.replace("HTTP/1.1", "HTTP/2.0")),
  spoiled((head) => head.replace("HTTP/1.1", "HTTP/1.1 HTTP/1.0")),
  spoiled((head) => head.replace("POST /mcp", "POST  /mcp")),
  spoiled((head) => head.replace("POST /mcp", "CONNECT 127.0.0.1:80")),
  spoiled((head) => head.replace("POST /mcp", "TRACE /mcp")),
  spoiled((head) => `X\r\n${head}`),
];

const metadata: readonly Shape[] = [
  withLines("Mcp-Name: echo"),
  withLines("mcp-name: who"),
  withLines("Mcp-Method: tools/list"),
  withLines("MCP-Protocol-Version: 2025-11-25"),
  withLines("Connection: mcp-name"),
  withLines("Connection: mcp-protocol-version, mcp-method"),
  withLines("Connection: close, content-length"),
  withLines("Connection: close, transfer-encoding"),
  withLines("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
  withLines("Expect: 100-continue"),
  withLines("Expect: nonsense"),
  withLines("X-HTTP-Method-Override: GET"),
  withLines("Mcp-Name: =?base64?ZWNobw==?="),
  withLines("Mcp-Name: who, echo"),
  withLines("Authorization: Bearer a", "authorization: Bearer b"),
];

const attacks: readonly GatewayAttack[] = (
  [
    ["framing", framings],
    ["chunks", chunkings],
    ["heads", heads],
    ["metadata", metadata],
  ] as const
).map(([name, shapes]) => ({
  name,
  sent: `${shapes.length} shapes, forwarded and parsed, each with a second request behind it`,
  holds: "the second request never runs, and the next client is answered",
  run: () => sendAll(shapes),
}));

export const smuggling: Part = partOf("smuggling", "Smuggled requests", attacks);

async function sendAll(shapes: readonly Shape[]): Promise<Observation> {
  const upstream = await startRecordingUpstream("recording");
  try {
    const statuses: string[] = [];
    let isAlive = true;
    for (const verify of ["upstream", "gateway"] as const) {
      await attackGateway(
        { upstreams: { only: { url: upstream.url, verify } } },
        async (gateway) => {
          const all = await Promise.all(
            shapes.map((shape) => sendRaw(gateway.url, shape(lines, body)).catch(() => undefined)),
          );
          statuses.push(...all.map((answer) => answer?.statuses.join(" then ") || "closed"));
          const next = await sendRaw(gateway.url, requestOf([...lines, lengthOf(body)], body));
          isAlive &&= next.statuses[0] === 200;
        },
      );
    }
    const runs = upstream.calls.filter((name) => name === "echo").length;
    return {
      observed: `${runs} smuggled; ${tally(statuses)}`,
      isHeld: runs === 0 && isAlive && !upstream.received().includes(hidden),
    };
  } finally {
    await upstream.close();
  }
}
