/** Sessions: ids, what is kept for them, and the handshake that opens them. */
import type { Rule } from "./rule.ts";

export const sessionRules: readonly Rule[] = [
  {
    id: "session-id",
    level: "blocks",
    title: "Session ids",
    replacement:
      "There are no sessions, so no request has the id of one. Identify the caller by context.principal, and state by a handle that a tool returns and takes back.",
    guide: "from-sessions-to-handles",
    patterns: [
      { kind: "string", names: ["mcp-session-id", "Mcp-Session-Id", "MCP-Session-Id"] },
      { kind: "key", names: ["sessionIdGenerator", "onsessioninitialized", "onsessionclosed"] },
      { kind: "member", names: ["sessionId"] },
      { kind: "call", names: ["terminateSession"] },
    ],
  },
  {
    id: "session-map",
    level: "blocks",
    title: "Values kept for each session",
    replacement:
      "Any replica answers any request. Remove maps of transports and servers, which one server replaces, and keep other values with handles().",
    guide: "from-sessions-to-handles",
    patterns: [{ kind: "keyed" }],
  },
  {
    id: "initialize",
    level: "blocks",
    title: "The handshake of a session",
    replacement:
      "There is no initialize request. Read context.capabilities and context.clientInfo in each handler; do the rest when the program starts.",
    guide: "from-initialize-to-each-request",
    patterns: [
      { kind: "reference", names: ["isInitializeRequest", "InitializeRequestSchema"] },
      { kind: "reference", names: ["InitializedNotificationSchema"] },
      { kind: "member", names: ["oninitialized"] },
      { kind: "call", names: ["getClientCapabilities", "getClientVersion"] },
      { kind: "string", names: ["notifications/initialized"] },
    ],
  },
  {
    id: "ping",
    level: "replace",
    title: "Pings",
    replacement: "There is no ping. Use server/discover, or the health checks of a deployment.",
    guide: "from-initialize-to-each-request",
    patterns: [
      { kind: "call", names: ["ping"], of: /server|client|session/i },
      { kind: "reference", names: ["PingRequestSchema"] },
      { kind: "key", names: ["ping"], sdks: ["fastmcp"] },
    ],
  },
];
