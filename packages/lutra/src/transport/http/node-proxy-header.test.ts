import { describe, expect, it } from "vitest";
import { parseProxyHeader } from "./node-proxy-header.ts";

const text = (line: string) => Buffer.from(line, "latin1");
const signature = text("\r\n\r\n\0\r\nQUIT\n");

/** A header of version 2, with further bytes after the addresses. */
function binary(command: number, family: number, addresses: readonly number[], more = 0) {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + more);
  const head = Buffer.from([command, family]);
  return Buffer.concat([signature, head, length, Buffer.from(addresses), Buffer.alloc(more)]);
}

const ipv4 = [203, 0, 113, 7, 127, 0, 0, 1, 1, 2, 0, 80];
const ipv6 = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 7, ...Array(16).fill(0), 1, 2, 0, 80];

const headers: readonly (readonly [what: string, bytes: Buffer, address: string | undefined])[] = [
  ["IPv4", text("PROXY TCP4 203.0.113.7 127.0.0.1 258 80\r\n"), "203.0.113.7"],
  ["IPv6", text("PROXY TCP6 2001:db8::7 ::1 258 80\r\n"), "2001:db8::7"],
  ["an unknown client", text("PROXY UNKNOWN\r\n"), undefined],
  ["an unknown client with a remark", text("PROXY UNKNOWN ff:: ::1 1 2\r\n"), undefined],
  ["IPv4 in binary", binary(0x21, 0x11, ipv4), "203.0.113.7"],
  ["IPv6 in binary", binary(0x21, 0x21, ipv6), "2001:db8::7"],
  ["further values in binary", binary(0x21, 0x11, ipv4, 300), "203.0.113.7"],
  ["the proxy's own connection", binary(0x20, 0, []), undefined],
  ["a Unix socket", binary(0x21, 0x31, Array(216).fill(1)), undefined],
];

describe.each(headers)("a header with %s", (_what, bytes, address) => {
  it("is read without the bytes after it", () => {
    const all = Buffer.concat([bytes, text("POST /mcp HTTP/1.1\r\n")]);
    expect(parseProxyHeader(all)).toEqual({ kind: "complete", bytes: bytes.length, address });
  });

  it("is incomplete until its last byte", () => {
    const kinds = Array.from({ length: bytes.length }, (_, end) => {
      return parseProxyHeader(bytes.subarray(0, end)).kind;
    });
    expect(new Set(kinds)).toEqual(new Set(["incomplete"]));
  });
});

it.each([
  ["a request", text("POST /mcp HTTP/1.1\r\n")],
  ["a handshake of TLS", Buffer.from([0x16, 3, 1])],
  ["lower case", text("proxy TCP4 203.0.113.7 127.0.0.1 1 2\r\n")],
  ["another transport", text("PROXY UDP4 203.0.113.7 127.0.0.1 1 2\r\n")],
  ["an address of another family", text("PROXY TCP4 ::1 ::1 1 2\r\n")],
  ["a name as address", text("PROXY TCP4 localhost localhost 1 2\r\n")],
  ["no ports", text("PROXY TCP4 203.0.113.7 127.0.0.1\r\n")],
  ["a line that is too long", text(`PROXY UNKNOWN ${"x".repeat(100)}`)],
  ["another version", binary(0x11, 0x11, ipv4)],
  ["another command", binary(0x22, 0x11, ipv4)],
  ["addresses that are too short", binary(0x21, 0x21, ipv4)],
  ["more than 2048 bytes", binary(0x21, 0x11, ipv4, 2021)],
])("%s is invalid", (_what, bytes) => {
  expect(parseProxyHeader(bytes)).toEqual({ kind: "invalid" });
});
