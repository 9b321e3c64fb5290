/**
 * Copies bytes between a client and the first upstream: the least that a process of Node can do
 * between two sockets. It reads no HTTP and routes nothing.
 */
import { type AddressInfo, connect, createServer } from "node:net";
import { report } from "../servers/report.ts";
import { upstreamOrigins } from "./routing.ts";

const [first] = upstreamOrigins();
const port = Number(new URL(first).port);
const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
  client.pipe(upstream).pipe(client);
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.destroy());
});
server.listen(0, "127.0.0.1", () => report((server.address() as AddressInfo).port));
