/** Transports, and the servers around them. */
import type { Rule } from "./rule.ts";

export const transportRules: readonly Rule[] = [
  {
    id: "sse-transport",
    level: "blocks",
    title: "HTTP+SSE transport",
    replacement:
      "HTTP+SSE was replaced in 2025-03-26. Serve with serveHttp(server) or createNodeHandler(server); the client of Lutra still connects to such servers.",
    guide: "transports",
    patterns: [
      { kind: "reference", names: ["SSEServerTransport", "SSEClientTransport"] },
      { kind: "string", names: ["sse"], sdks: ["fastmcp"] },
    ],
  },
  {
    id: "websocket-transport",
    level: "blocks",
    title: "WebSocket transport",
    replacement:
      "The specification has no WebSocket transport. Serve with serveHttp(server), or implement Transport.",
    guide: "transports",
    patterns: [
      { kind: "reference", names: ["WebSocketClientTransport", "WebSocketServerTransport"] },
    ],
  },
  {
    id: "http-transport",
    level: "replace",
    title: "HTTP transport of the SDK",
    replacement:
      "One server serves all requests: serveHttp(server), or createNodeHandler(server) and createFetchHandler(server) in a framework. No route for GET or DELETE is needed.",
    guide: "transports",
    patterns: [
      {
        kind: "reference",
        names: [
          "NodeStreamableHTTPServerTransport",
          "StreamableHTTPServerTransport",
          "WebStandardStreamableHTTPServerTransport",
          "createMcpHandler",
          "toNodeHandler",
          "createMcpExpressApp",
        ],
      },
      { kind: "string", names: ["httpStream"], sdks: ["fastmcp"] },
    ],
  },
  {
    id: "stdio-transport",
    level: "replace",
    title: "stdio transport of the SDK",
    replacement: "Use serveStdio(server) of lutra/node.",
    guide: "transports",
    patterns: [
      { kind: "reference", names: ["StdioServerTransport"] },
      { kind: "string", names: ["stdio"], sdks: ["fastmcp"] },
    ],
  },
  {
    id: "authorization-server",
    level: "check",
    title: "An authorization server in the MCP server",
    replacement:
      "Lutra verifies tokens and issues none. Use an identity provider, and the option authenticate of the transport.",
    guide: "transports",
    patterns: [
      { kind: "reference", names: ["mcpAuthRouter", "ProxyOAuthServerProvider"] },
      { kind: "reference", names: ["OAuthProvider", "OAuthProxy"] },
    ],
  },
];
