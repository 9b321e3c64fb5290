/** Inputs that once ended a process, left a request without an answer or let wrong values pass. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { answerOf, bodyOf, headersOf, type RequestHead, send } from "./attack-request.ts";
import type { AttackedProcess } from "./attacked-process.ts";

export interface FaultCase {
  readonly what: string;
  /** The file of the attacked process. */
  readonly file: string;
  /** Attacks a process. Resolves to what happened. */
  readonly attack: (process: AttackedProcess) => Promise<string>;
  /** The outcome that is expected. */
  readonly expected: RegExp;
}

interface Place {
  readonly url: string;
  /** The endpoint behind a program that has read the body. */
  readonly readURL: string;
}

const call = (name: string): RequestHead => ({ method: "tools/call", name });
const placeOf = ({ ready }: AttackedProcess) => ready as Place;

/** Calls a tool. Returns the JSON of the result, or the message of the error. */
async function resultOf(process: AttackedProcess, name: string): Promise<string> {
  const head = call(name);
  const answer = await (await send(placeOf(process).url, head, bodyOf(head))).text();
  return answer.startsWith("{") ? answer : answerOf(answer.slice(answer.lastIndexOf("data: ")));
}

/** Opens a connection and sends a request on it, without reading the response. */
async function sendUnread(url: string, headers: object, body: string): Promise<Socket> {
  const { host, hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  // The server may reset the connection.
  socket.on("error", () => {});
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${lines.join("")}\r\n${body}`);
  return socket;
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
  });
}

/** Sends a body without an end that is refused by its head. */
async function sendEndless(process: AttackedProcess): Promise<string> {
  const headers = { "content-type": "text/plain", "transfer-encoding": "chunked" };
  const socket = await sendUnread(placeOf(process).url, headers, "");
  const chunk = `10000\r\n${"a".repeat(65_536)}\r\n`;
  const timer = setInterval(() => {
    if (!socket.destroyed) socket.write(chunk);
  }, 1);
  const answer = text(socket).catch(() => "");
  const closed = await Promise.race([closeOf(socket).then(() => true), delay(5000, false)]);
  clearInterval(timer);
  socket.destroy();
  const status = (await answer).split("\r\n", 1)[0];
  return `${status}, ${closed ? "closed" : "read on"}`;
}

async function openSubscriptions(process: AttackedProcess, count: number): Promise<string> {
  const head: RequestHead = { method: "subscriptions/listen" };
  const uris = Array.from({ length: 1000 }, (_, index) => `"page://${index}"`).join(",");
  const end = new AbortController();
  let refused = 0;
  for (let index = 0; index < count && refused === 0; index += 1) {
    const body = bodyOf(head, `"notifications":{"resourceSubscriptions":[${uris}]}`);
    const response = await send(placeOf(process).url, head, body, end.signal);
    if (response.status === 429) refused = index;
  }
  end.abort();
  return refused === 0 ? `${count} open` : `429 after ${refused}`;
}

async function sendLines(process: AttackedProcess): Promise<string> {
  const { stdin, stdout } = process.child;
  let answers = 0;
  const ended = new Promise<void>((resolve) => {
    stdout?.on("data", (chunk: Buffer) => {
      answers += chunk.toString().split("\n").length - 1;
      if (answers >= 100_000) resolve();
    });
  });
  stdin?.write("bad\n".repeat(100_000));
  await Promise.race([ended, delay(20_000)]);
  return `${answers} errors`;
}

const server = "./fault-server.ts";
const client = "./fault-client.ts";
const ask = (question: string) => async (process: AttackedProcess) =>
  String(await process.ask(question));

export const faultCases: readonly FaultCase[] = [
  {
    what: "server: structured content with NaN",
    file: server,
    attack: (process) => resultOf(process, "nan"),
    expected: /"code":-32603/,
  },
  {
    what: "server: a tool that throws",
    file: server,
    attack: (process) => resultOf(process, "throws"),
    expected: /^(?!.*secret).*"isError":true/,
  },
  {
    what: "server: a body that was read before",
    file: server,
    attack: async (process) => {
      const head = call("throws");
      const { status } = await send(placeOf(process).readURL, head, bodyOf(head));
      return `status ${status}`;
    },
    expected: /^status 500$/,
  },
  {
    what: "server: authenticate and onError that throw",
    file: server,
    attack: async (process) => {
      const headers = { ...headersOf(call("throws")), authorization: "broken" };
      const body = bodyOf(call("throws"));
      await fetch(placeOf(process).url, { method: "POST", headers, body }).catch(() => {});
      return await resultOf(process, "throws");
    },
    expected: /"isError":true/,
  },
  {
    what: "server: 8,000 progress notifications in one turn",
    file: server,
    attack: (process) => resultOf(process, "chatter"),
    expected: /^complete$/,
  },
  {
    what: "server: an endless body that is refused",
    file: server,
    attack: sendEndless,
    expected: /415.*, closed$/,
  },
  {
    what: "server: 2,000 subscriptions to 1,000 resources",
    file: server,
    attack: (process) => openSubscriptions(process, 2000),
    expected: /^429 after/,
  },
  {
    what: "server: 150,000 claims of one caller",
    file: server,
    attack: ask("claims"),
    expected: /^true$/,
  },
  {
    what: "server: 100,000 lines on stdio that are not JSON",
    file: "./stdio-server.ts",
    attack: sendLines,
    expected: /^100000 errors$/,
  },
  {
    what: "client: icons that run scripts",
    file: client,
    attack: ask("icons"),
    expected: /^0 icons$/,
  },
  {
    what: "client: 100,000 notifications that were not requested",
    file: client,
    attack: ask("notifications"),
    expected: /^1?\d?\d warnings$/,
  },
  {
    what: "client: 200,000 lines on stdio that are not JSON",
    file: client,
    attack: ask("lines"),
    expected: /^timeout after \d{3} ms$/,
  },
];
