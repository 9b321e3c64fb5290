/** A TCP proxy in front of a store, which can lose an answer together with its connection. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  /** The URL of the store, through the proxy. */
  readonly url: string;
  /** Closes the connection that carries the next answer with a text, in place of the answer. */
  readonly cutAnswerWith: (text: string) => void;
  /** Closes the connection of the next request with a text, in place of the answer to it. */
  readonly cutAnswerTo: (text: string) => void;
  /** Number of answers that were lost. */
  readonly cuts: () => number;
  readonly close: () => void;
}

/** Starts a proxy for the store at a URL. */
export async function startCuttingProxy(storeUrl: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(storeUrl);
  const sockets = new Set<Socket>();
  let inAnswer: string | undefined;
  let inRequest: string | undefined;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let isCut = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
        sockets.delete(socket);
      });
    }
    client.on("data", (chunk) => {
      if (inRequest !== undefined && chunk.includes(inRequest)) {
        inRequest = undefined;
        isCut = true;
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      if (inAnswer !== undefined && chunk.includes(inAnswer)) {
        inAnswer = undefined;
        isCut = true;
      }
      if (!isCut) return void client.write(chunk);
      cuts += 1;
      client.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = new URL(storeUrl);
  url.hostname = "127.0.0.1";
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAnswerWith: (text) => {
      inAnswer = text;
    },
    cutAnswerTo: (text) => {
      inRequest = text;
    },
    cuts: () => cuts,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
