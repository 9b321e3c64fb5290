/** The baseline for proxies on Node: only `undici.request`. */
import { createServer } from "node:http";
import { Pool, request } from "undici";
import { portOf, report } from "../servers/report.ts";
import { secondTool, upstreamOrigins } from "./routing.ts";

const [first, second] = upstreamOrigins().map((origin) => ({
  url: `${origin}/mcp`,
  dispatcher: new Pool(origin, { connections: 64 }),
})) as [Target, Target];

interface Target {
  readonly url: string;
  readonly dispatcher: Pool;
}

const server = createServer(async (req, res) => {
  const { connection, "keep-alive": _, "transfer-encoding": __, ...headers } = req.headers;
  const { url, dispatcher } = headers["mcp-name"] === secondTool ? second : first;
  const answer = await request(url, { dispatcher, method: "POST", headers, body: req });
  const { "keep-alive": ___, connection: ____, ...kept } = answer.headers;
  res.writeHead(answer.statusCode, kept);
  answer.body.pipe(res);
});
server.listen(0, "127.0.0.1", () => report(portOf(server)));
