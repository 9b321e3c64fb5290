import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  [
    "sse-transport",
    "new sdk.SSEServerTransport(path, response);",
    "official-v1",
    "SSEServerTransport",
  ],
  ["sse-transport", "new sdk.SSEClientTransport(url);", "official-v2", "SSEClientTransport"],
  ["sse-transport", `server.start({ transportType: "sse" });`, "fastmcp", "sse"],
  [
    "websocket-transport",
    "new sdk.WebSocketClientTransport(url);",
    "official-v1",
    "WebSocketClientTransport",
  ],
  [
    "http-transport",
    "new sdk.StreamableHTTPServerTransport({});",
    "official-v1",
    "StreamableHTTPServerTransport",
  ],
  ["http-transport", "sdk.createMcpHandler(create);", "official-v2", "createMcpHandler"],
  ["http-transport", `server.start({ transportType: "httpStream" });`, "fastmcp", "httpStream"],
  ["stdio-transport", "new sdk.StdioServerTransport();", "official-v1", "StdioServerTransport"],
  ["stdio-transport", `server.start({ transportType: "stdio" });`, "fastmcp", "stdio"],
  ["authorization-server", "app.use(sdk.mcpAuthRouter({}));", "official-v1", "mcpAuthRouter"],
  ["authorization-server", "new sdk.OAuthProxy({});", "fastmcp", "OAuthProxy"],
] as const)("the rule %s finds %s", (rule, source, sdk, found) => {
  expect(placesOf(rule, source, sdk)).toEqual([`1: ${found}`]);
});
