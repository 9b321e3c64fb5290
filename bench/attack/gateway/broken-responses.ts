/** Responses that leave bytes behind, are cut, or never end. */
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type HostileAnswer, jsonResponse } from "./hostile-upstream.ts";

/** The text of a result that no client may get. */
export const hidden = "hidden";

const resultOf = (id: string, text = "whole") =>
  `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","content":[{"type":"text","text":"${text}"}]}}`;
const evil = (id: string) => jsonResponse(resultOf(id, hidden));
const json = "Content-Type: application/json\r\n";
const inChunks = `HTTP/1.1 200 OK\r\n${json}Transfer-Encoding: chunked\r\n\r\n`;
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** Sends a head, and some time later the bytes that its client does not expect. */
const before = (head: (rest: string) => string): HostileAnswer => {
  return (socket, id) => {
    const rest = evil(id);
    socket.write(head(rest), () => setImmediate(() => socket.write(rest)));
  };
};

/** Answers whose connection stays open, with another response behind them. */
export const remainders: readonly HostileAnswer[] = [
  (socket, id) => socket.write(jsonResponse(resultOf(id)) + evil(id)),
  (socket, id) => socket.write(`${inChunks}${chunk(resultOf(id))}0\r\n\r\n${evil(id)}`),
  (socket, id) => socket.write(`${inChunks}0\r\n\r\n${evil(id)}`),
  (socket, id) => socket.write(`HTTP/1.1 204 None\r\n\r\n${evil(id)}`),
  (socket, id) => socket.write(`HTTP/1.1 304 Same\r\n\r\n${evil(id)}`),
  (socket, id) => socket.write(`HTTP/1.1 101 Other\r\nUpgrade: x\r\n\r\n${evil(id)}`),
  before((rest) => `HTTP/1.1 204 None\r\nContent-Length: ${rest.length}\r\n\r\n`),
  before((rest) => `HTTP/1.1 304 Same\r\nContent-Length: ${rest.length}\r\n\r\n`),
  before(() => "HTTP/1.1 204 None\r\nTransfer-Encoding: chunked\r\n\r\n"),
  before((rest) => `HTTP/1.1 103 Hints\r\nContent-Length: ${rest.length}\r\n\r\n`),
  before(
    (rest) => `HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: ${rest.length}\r\n\r\n`,
  ),
  before(() => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"),
  before(() => "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
];

/** The ways to frame one result. */
const framings: readonly ((result: string) => string)[] = [
  (result) => jsonResponse(result),
  (result) => `${inChunks}${chunk(result.slice(0, 20))}${chunk(result.slice(20))}0\r\n\r\n`,
  (result) => `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ${result}\n\n`,
];

/** Returns answers that are cut after every `step` bytes, by the end and by a reset of the connection. */
export function cutAnswers(step: number): readonly HostileAnswer[] {
  return framings.flatMap((framed) => {
    const { length } = framed(resultOf("1000001"));
    const places = Array.from({ length: Math.ceil(length / step) }, (_, index) => index * step);
    return places.flatMap((at): HostileAnswer[] => [
      (socket, id) => socket.end(framed(resultOf(id)).slice(0, at)),
      (socket, id) => {
        socket.write(framed(resultOf(id)).slice(0, at), () => socket.resetAndDestroy());
      },
    ]);
  });
}

/** Maximum number of bytes of a flood. */
const floodBytes = 16_777_216;

/** Sends a beginning and then the same text until the client closes the connection. */
const flood = (begin: string, text: string): HostileAnswer => {
  const block = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)), "latin1");
  return async (socket) => {
    socket.write(begin);
    for (let sent = 0; sent < floodBytes && !socket.destroyed; sent += block.length) {
      if (!socket.write(block)) await drained(socket);
      await turn();
    }
    socket.destroy();
  };
};

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("drain", resolve).once("close", resolve);
  });
}

/** Answers that never get to a body, or never leave it. */
export const floods: readonly HostileAnswer[] = [
  flood("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
  flood("HTTP/1.1 200 OK\r\nX: ", "y"),
  flood("HTTP/1.1 200 ", "OK "),
  flood("", "HTTP/1.1 103 Hints\r\n\r\n"),
  flood(inChunks, "0"),
  flood(`${inChunks}1`, ";a=b"),
  flood(inChunks, "1;a=b\r\nx\r\n"),
  flood(`${inChunks}0\r\n`, "X: y\r\n"),
];

/** Returns a result in chunks of one byte. */
export function tinyChunks(bytes: number): HostileAnswer {
  const body = Buffer.from("1\r\nx\r\n".repeat(bytes));
  return (socket, id) => {
    const [begin = "", end = ""] = resultOf(id, hidden).split(hidden);
    socket.write(inChunks + chunk(begin));
    socket.write(body);
    socket.write(`${chunk(end)}0\r\n\r\n`);
  };
}

/** Sends a result one byte at a time, with a pause after each. */
export function drip(pauseMs: number): HostileAnswer {
  return (socket, id) => {
    const bytes = jsonResponse(resultOf(id));
    let at = 0;
    const timer = setInterval(() => {
      if (at < bytes.length) socket.write(bytes.slice(at, at + 1));
      at += 1;
    }, pauseMs);
    socket.on("close", () => clearInterval(timer));
  };
}
