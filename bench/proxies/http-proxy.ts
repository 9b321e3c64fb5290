/** `http-proxy-3` with a keep-alive agent, as documented. */
import { Agent, createServer } from "node:http";
import { createProxyServer } from "http-proxy-3";
import { portOf, report } from "../servers/report.ts";
import { secondTool, upstreamOrigins } from "./routing.ts";

const [first, second] = upstreamOrigins();
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const proxy = createProxyServer({ agent });
const server = createServer((req, res) => {
  proxy.web(req, res, { target: req.headers["mcp-name"] === secondTool ? second : first });
});
server.listen(0, "127.0.0.1", () => report(portOf(server)));
