/** The plainest balancer: each request to the next replica, and not a byte of it changed. */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RoundRobin {
  readonly url: string;
  /** How many requests each replica has had so far, in their order. */
  readonly counts: () => readonly number[];
  readonly close: () => Promise<void>;
}

/** Spreads requests over endpoints. Whoever goes away is gone for the replica, too. */
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
  // A connection for each request: one that is kept might be closed by the replica meanwhile.
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
