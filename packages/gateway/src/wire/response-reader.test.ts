import { expect, it } from "vitest";
import { type Reading, readable, refused } from "./fixtures/response-cases.ts";
import { ResponseReader } from "./response-reader.ts";

/** Reads pieces and then the end of the connection. Throws if that truncates the response. */
function readPieces(pieces: readonly string[]): Reading {
  const chunks: Buffer[] = [];
  const onBody = (chunk: Buffer) => chunks.push(chunk) > 0;
  const reader = new ResponseReader({ onHead: () => true, onBody }, false);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, "latin1");
    const at = reader.read(bytes, 0, bytes.length);
    if (at < bytes.length) throw new Error(`read ${at} of ${bytes.length} bytes`);
  }
  if (!reader.isOver && !reader.finish()) throw new Error("truncated");
  const { status = 0, isPersistent = false, framing } = reader.head ?? {};
  const body = Buffer.concat(chunks).toString("latin1");
  return { status, body, isKept: isPersistent && framing !== "until-close" };
}

it.each(readable)("reads %s", (_what, bytes, reading) => {
  expect(readPieces([bytes])).toEqual(reading);
});

it.each(readable)("reads %s, split at any byte", (_what, bytes, reading) => {
  for (let at = 1; at < bytes.length; at += 1) {
    expect(readPieces([bytes.slice(0, at), bytes.slice(at)])).toEqual(reading);
  }
  expect(readPieces([...bytes])).toEqual(reading);
});

/** The errors of a refusal. Bytes after a response are reported with another message. */
const refusal = /HTTP\/1\.1 protocol|Headers Overflow|bad response|truncated/;

it.each(refused)("refuses %s", (_what, bytes) => {
  expect(() => readPieces([bytes])).toThrow(refusal);
});

it.each(refused)("refuses %s, split at any byte", (_what, bytes) => {
  for (let at = 1; at < Math.min(bytes.length, 120); at += 1) {
    expect(() => readPieces([bytes.slice(0, at), bytes.slice(at)])).toThrow(refusal);
  }
  expect(() => readPieces([...bytes])).toThrow(refusal);
});

it.each([
  ["another protocol", "SSH"],
  ["a head that uses LF", "HTTP/1.1 200 OK\n"],
  ["a head with CR on its own", "HTTP/1.1 200 OK\rX"],
  ["a head without an end", `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(4000)}`],
])("refuses %s before it is complete", (_what, bytes) => {
  const reader = new ResponseReader({ onHead: () => true, onBody: () => true }, false);
  const read = () => reader.read(Buffer.from(bytes, "latin1"), 0, bytes.length);
  expect(read).toThrow();
});

it("reads no body of a response to HEAD", () => {
  const reader = new ResponseReader({ onHead: () => true, onBody: () => true }, true);
  const bytes = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  expect(reader.read(bytes, 0, bytes.length)).toBe(bytes.length);
  expect(reader.isOver).toBe(true);
});

it("stops at the end of the response", () => {
  const reader = new ResponseReader({ onHead: () => true, onBody: () => true }, false);
  const response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  const bytes = Buffer.from(`${response}HTTP/1.1 200 OK\r\n`);
  expect(reader.read(bytes, 0, bytes.length)).toBe(response.length);
});

it("stops where it is paused, and continues", () => {
  const chunks: string[] = [];
  const onBody = (chunk: Buffer) => {
    chunks.push(chunk.toString());
    return false;
  };
  const reader = new ResponseReader({ onHead: () => false, onBody }, false);
  const bytes = Buffer.from(
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
  );
  const seen: (readonly string[])[] = [];
  for (let at = 0; at < bytes.length; ) {
    reader.isPaused = false;
    at = reader.read(bytes, at, bytes.length);
    seen.push([...chunks]);
  }
  expect(seen).toEqual([[], ["ab"]]);
  expect(reader.isOver).toBe(true);
});

it("passes on small chunks that arrive together as one part, also before an error", () => {
  const parts: string[] = [];
  const onBody = (part: Buffer) => parts.push(part.toString()) > 0;
  const reader = new ResponseReader({ onHead: () => true, onBody }, false);
  const chunks = Array.from("0123456789", (digit) => `1\r\n${digit}\r\n`).join("");
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const bytes = Buffer.from(`${head}${chunks}${chunks}x\r\n`);
  expect(() => reader.read(bytes, 0, bytes.length)).toThrow("invalid chunk size");
  expect(parts).toEqual(["01234567890123456789"]);
});

it("reads a head with many blanks in linear time", () => {
  const head = `HTTP/1.1 200 OK\r\nX: ${" ".repeat(16_000)}\0\r\n\r\n`;
  const started = process.cpuUsage();
  expect(() => readPieces([head])).toThrow("invalid field value");
  const { user } = process.cpuUsage(started);
  expect(user).toBeLessThan(50_000);
});
