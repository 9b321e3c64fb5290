/** The ways from a client to a server. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "@lutra/gateway";
import { writeConfig } from "../gateway/config-file.ts";
import { hasRedis, startRedis } from "../stores/redis-server.ts";
import { startProgram } from "./program.ts";
import type { MatrixServer } from "./servers.ts";

export type Wire = "HTTP" | "stdio";

/** A URL, or the command that the client starts. */
export type Target =
  | { readonly url: string }
  | { readonly command: string; readonly args: readonly string[] };

interface Reached {
  readonly target: Target;
  readonly close: () => Promise<void>;
}

type Reach = (server: MatrixServer, wire: Wire) => Promise<Reached>;

export const places: { readonly [name: string]: Reach } = {
  direct: reachDirectly,
  gateway: (server, wire) => reachThroughGateways(server, wire, 1),
  "two gateways": (server, wire) => reachThroughGateways(server, wire, 2),
};

const lutra = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));
/** The key that two gateways share. It seals nothing outside this test. */
const keys = [{ id: "matrix", secret: Buffer.alloc(32, 7).toString("base64") }];

async function reachDirectly(server: MatrixServer, wire: Wire): Promise<Reached> {
  if (wire === "HTTP") {
    const { url, close } = await server.serve();
    return { target: { url }, close };
  }
  const [command = "", ...args] = server.command;
  return { target: { command, args }, close: async () => {} };
}

async function reachThroughGateways(
  server: MatrixServer,
  wire: Wire,
  count: number,
): Promise<Reached> {
  const endings: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of endings.reverse()) await end();
  };
  try {
    const upstream = await upstreamOf(server, wire, endings);
    const bus = count > 1 ? await startBus(endings) : undefined;
    const file = await writeConfig({
      listen: { port: 0 },
      admin: false,
      log: false,
      keys,
      ...(bus !== undefined && { bus }),
      upstreams: { one: upstream },
    });
    endings.push(file.remove);
    const urls: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const gateway = await startProgram([lutra, "gateway", file.path]);
      endings.push(gateway.close);
      urls.push(gateway.url);
    }
    if (count === 1) return { target: { url: urls[0] as string }, close };
    const balancer = await balance(urls);
    endings.push(balancer.close);
    return { target: { url: balancer.url }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the bus over which gateways continue what a client has begun at another one. */
async function startBus(endings: (() => Promise<void>)[]): Promise<string | undefined> {
  if (!hasRedis) return undefined;
  const redis = await startRedis();
  endings.push(redis.stop);
  return redis.url;
}

async function upstreamOf(
  server: MatrixServer,
  wire: Wire,
  endings: (() => Promise<void>)[],
): Promise<ConfigInput["upstreams"][string]> {
  if (wire === "stdio") return { command: [...server.command] };
  const { url, close } = await server.serve();
  endings.push(close);
  return { url };
}

/** A proxy that sends each request to the next URL. */
async function balance(urls: readonly string[]): Promise<{ url: string; close(): Promise<void> }> {
  let turn = 0;
  const http = createServer((req, res) => {
    turn += 1;
    const to = request(urls[turn % urls.length] as string, {
      method: req.method,
      headers: req.headers,
    });
    to.on("response", (response) => {
      res.writeHead(response.statusCode ?? 502, response.rawHeaders);
      res.flushHeaders();
      response.pipe(res);
    });
    to.on("error", () => res.destroy());
    res.on("close", () => to.destroy());
    req.pipe(to);
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    close: async () => {
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}
