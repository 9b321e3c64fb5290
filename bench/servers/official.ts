/**
 * The official SDK with its Node adapter, as documented: a factory that builds a server for each
 * request, behind guards for `Host` and `Origin`. The schemas are created once.
 */
import { createServer } from "node:http";
import {
  localhostHostValidation,
  localhostOriginValidation,
  toNodeHandler,
} from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { addition, answerOf, otherTools } from "../../examples/bench/specifications.ts";
import { portOf, report } from "./report.ts";

const others = otherTools(20);

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bench", version: "1.0.0" });
  const { name, ...shown } = addition;
  server.registerTool(name, shown, async ({ a, b }) => ({
    content: [{ type: "text", text: String(a + b) }],
  }));
  for (const { name, ...shown } of others) {
    server.registerTool(name, shown, async (args: object) => ({
      content: [{ type: "text", text: answerOf(name, args) }],
    }));
  }
  return server;
});

const nodeHandler = toNodeHandler(handler);
const validateHost = localhostHostValidation();
const validateOrigin = localhostOriginValidation();
const server = createServer((req, res) => {
  if (!validateHost(req, res) || !validateOrigin(req, res)) return;
  // Its types do not allow for `exactOptionalPropertyTypes`.
  void nodeHandler(req as Parameters<typeof nodeHandler>[0], res);
});
server.listen(0, "127.0.0.1", () => report(portOf(server)));
