/** `@fastify/reply-from`, as documented. */
import replyFrom from "@fastify/reply-from";
import fastify from "fastify";
import { portOf, report } from "../servers/report.ts";
import { secondTool, upstreamOrigins } from "./routing.ts";

const [first, second] = upstreamOrigins();
const app = fastify();
await app.register(replyFrom);
app.post("/mcp", (request, reply) => {
  const origin = request.headers["mcp-name"] === secondTool ? second : first;
  return reply.from(`${origin}/mcp`);
});
await app.listen({ port: 0, host: "127.0.0.1" });
report(portOf(app.server));
