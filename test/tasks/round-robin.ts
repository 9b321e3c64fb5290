/** A minimal balancer that forwards each request unchanged to the next replica. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RoundRobin {
  readonly url: string;
  /** Number of requests of each replica, in order. */
  readonly counts: () => readonly number[];
  readonly close: () => Promise<void>;
}

/** Distributes requests over endpoints. Closes the request to a replica when the client disconnects. */
export async function startRoundRobin(urls: readonly string[]): Promise<RoundRobin> {
  const counts = urls.map(() => 0);
  let turn = 0;
  const server = createServer((req, res) => {
    const index = turn % urls.length;
    turn += 1;
    counts[index] = (counts[index] ?? 0) + 1;
    forward(urls[index] as string, req, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    counts: () => counts,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function forward(to: string, req: IncomingMessage, res: ServerResponse): void {
  // Uses a new connection for each request, because a replica may close idle ones.
  const { method = "POST", rawHeaders: headers } = req;
  const forwarded = request(to, { method, headers, agent: false }, (response) => {
    res.writeHead(response.statusCode ?? 502, response.rawHeaders);
    res.flushHeaders();
    response.on("error", () => res.destroy());
    response.pipe(res);
  });
  forwarded.on("error", () => res.destroy());
  res.on("close", () => forwarded.destroy());
  req.pipe(forwarded);
}
