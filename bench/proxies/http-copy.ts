/**
 * Copies the heads and the bodies of requests and responses between a server of `node:http` and plain
 * sockets: the least that a proxy can do which lets Node read the requests of its clients. It expects
 * each message in one piece, and checks, limits and logs nothing.
 */
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { portOf, report } from "../servers/report.ts";
import { secondTool, upstreamOrigins } from "./routing.ts";

const buffer = Buffer.allocUnsafe(65_536);

/** A connection to an upstream, with the response to its current request. */
interface Connection {
  readonly socket: Socket;
  res: ServerResponse | undefined;
}

class Upstream {
  readonly #port: number;
  readonly #idle: Connection[] = [];

  constructor(origin: string) {
    this.#port = Number(new URL(origin).port);
  }

  send(text: string, res: ServerResponse): void {
    const connection = this.#idle.pop() ?? this.#open();
    connection.res = res;
    connection.socket.write(text, "latin1");
  }

  #open(): Connection {
    const callback = (length: number) => {
      answer(connection.res as ServerResponse, buffer.toString("latin1", 0, length));
      this.#idle.push(connection);
      return true;
    };
    const place = { port: this.#port, host: "127.0.0.1", noDelay: true };
    const socket = connect({ ...place, onread: { buffer, callback } });
    const connection: Connection = { socket, res: undefined };
    const drop = () => {
      const index = this.#idle.indexOf(connection);
      if (index >= 0) this.#idle.splice(index, 1);
    };
    socket.on("error", drop).on("end", drop);
    return connection;
  }
}

const [first, second] = upstreamOrigins().map((origin) => new Upstream(origin)) as [
  Upstream,
  Upstream,
];

const server = createServer((req, res) => {
  const upstream = req.headers["mcp-name"] === secondTool ? second : first;
  let head = `${req.method} ${req.url} HTTP/1.1\r\n`;
  const { rawHeaders } = req;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    head += `${rawHeaders[index]}: ${rawHeaders[index + 1]}\r\n`;
  }
  // The body arrives with the head, and is reported after it.
  process.nextTick(() => upstream.send(`${head}\r\n${req.read().toString("latin1")}`, res));
});
server.listen(0, "127.0.0.1", () => report(portOf(server)));

/** Copies a response of which only the length and the type matter to the load generator. */
function answer(res: ServerResponse, text: string): void {
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  res.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  res.end(body, "latin1");
}
