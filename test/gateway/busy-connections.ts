/** Kept-alive connections that send one request after the other until the server tells them to close. */
import { connect, type Socket } from "node:net";
import { callBody, callLines, lengthOf } from "./raw-http.ts";

export interface BusyConnections {
  /** Resolves when every connection has received a response. */
  readonly busy: Promise<void>;
  /** Resolves when the server refuses further connections. */
  readonly over: Promise<BusyReport>;
}

interface BusyReport {
  /** Number of responses. */
  readonly answers: number;
  /** Number of responses with `Connection: close`. */
  readonly closing: number;
  /** The fate of each request that was sent and has no response. */
  readonly lost: readonly string[];
}

/**
 * Opens connections that call a tool without a pause. A connection that the server closes is opened
 * again, until the server refuses it.
 */
export function keepBusy(url: string, tool: string, connections: number): BusyConnections {
  const { hostname, port, pathname } = new URL(url);
  const body = callBody(tool);
  const head = [`POST ${pathname} HTTP/1.1`, ...callLines(tool), lengthOf(body)].join("\r\n");
  const request = `${head}\r\n\r\n${body}`;
  const report = { answers: 0, closing: 0, lost: [] as string[] };
  let resolveBusy = () => {};
  const busy = new Promise<void>((resolve) => {
    resolveBusy = resolve;
  });

  const run = async () => {
    for (;;) {
      const socket = await opened(hostname, Number(port));
      if (socket === undefined) return;
      await use(socket, request, ({ closes }) => {
        report.answers += 1;
        if (closes) report.closing += 1;
        if (report.answers >= 2 * connections) resolveBusy();
      }).catch((error: unknown) => report.lost.push(String(error)));
    }
  };
  const over = Promise.all(Array.from({ length: connections }, run)).then(() => report);
  return { busy, over };
}

/** Resolves to a connection, or undefined if the server refuses it. */
function opened(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => {
      if ("code" in error && error.code === "ECONNREFUSED") resolve(undefined);
      else reject(error);
    });
  });
}

interface Answer {
  readonly closes: boolean;
}

/** Sends requests until a response closes the connection. Rejects if a request has no response. */
function use(socket: Socket, request: string, onAnswer: (answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
      if (end === -1 || length === undefined || text.length < end + 4 + Number(length)) return;
      const closes = /^connection: close/im.test(text.slice(0, end));
      const isOk = text.startsWith("HTTP/1.1 200");
      if (!isOk) reject(new Error(text));
      text = "";
      onAnswer({ closes });
      if (closes) resolve();
      else socket.write(request);
    });
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`closed before the response: ${text}`)));
    socket.write(request);
  });
}
