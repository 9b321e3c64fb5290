/**
 * The front of a fleet: one HTTP server that hands each request to the next replica in turn. It
 * reads no body and keeps nothing about clients, since any replica answers any request.
 */
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { endEarly } from "lutra/node";
import { encodeError, ProtocolError } from "lutra/protocol";
import { Pool } from "undici";
import type { Address } from "./address.ts";
import { type Destination, Forwarding } from "./forwarding.ts";

export interface DispatcherOptions extends Address {
  /** How long `close` waits for answers that are under way, in milliseconds. @default 5000 */
  readonly drainMs?: number;
}

export interface Dispatcher {
  /** Where the MCP endpoint is. */
  readonly url: string;
  /** Whether only clients on this machine can reach it. */
  readonly isLocal: boolean;
  /** Lets a replica answer requests until the returned function is called. */
  readonly add: (replica: { readonly number: number; readonly socketPath: string }) => () => void;
  /** Stops accepting, waits for answers that are under way, and cuts off what is left then. */
  readonly close: () => Promise<void>;
}

const path = "/mcp";

/** Listens. Until a replica is added, requests are answered with 503. */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { host, port, drainMs = 5000 } = options;
  const destinations: Destination[] = [];
  let turn = 0;

  const http = createHttpServer((req, res) => {
    const { url = "" } = req;
    if (url !== path && !url.startsWith(`${path}?`)) {
      res.writeHead(404, { "content-length": 0 }).end();
      return;
    }
    turn += 1;
    new Forwarding(req, res, { destinations, first: turn, refuse }).start();
  });
  await new Promise<void>((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, resolve);
  });
  const { address, port: actual } = http.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;

  return {
    url: `http://${name}:${actual}${path}`,
    isLocal: address === "::1" || address.startsWith("127."),
    add: ({ number, socketPath }) => {
      // Who sends a request bounds its time, and streams are quiet for long: no clocks here.
      const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
      const pool = new Pool("http://localhost", { socketPath, pipelining: 1, ...timeouts });
      const destination: Destination = { number, pool };
      destinations.push(destination);
      return () => {
        destinations.splice(destinations.indexOf(destination), 1);
        void pool.destroy();
      };
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      const cutOff = setTimeout(() => http.closeAllConnections(), drainMs);
      // A connection that was busy until now stays open for its next request unless it is told.
      const idle = setInterval(() => http.closeIdleConnections(), 50);
      await closed;
      clearTimeout(cutOff);
      clearInterval(idle);
    },
  };
}

/** Answers in place of a replica. The id of the request is in its body, which nobody reads here. */
function refuse(res: ServerResponse, status: number, message: string): void {
  const body = encodeError(undefined, new ProtocolError("internalError", message));
  const length = Buffer.byteLength(body);
  // A body that is left half read would keep its connection from the next request.
  const isHalfRead = res.req.readableDidRead && !res.req.complete;
  res.writeHead(status, {
    "content-type": "application/json",
    "content-length": length,
    ...(isHalfRead && { connection: "close" }),
  });
  res.write(body);
  if (isHalfRead) endEarly(res);
  else res.end();
}
