/** The API of the SDKs, which has an equivalent in Lutra. */
import type { Sdk } from "../source/sdks.ts";
import type { Rule } from "./rule.ts";

const added = ["addPrompt", "addResource", "addResourceTemplate", "addTool", "addTools"];

const official: readonly Sdk[] = ["official-v1", "official-v2"];

export const apiRules: readonly Rule[] = [
  {
    id: "server-api",
    level: "replace",
    title: "Server of the SDK",
    replacement:
      "createServer({ name, version, tools, resources, prompts }) with definitions by defineTool and its siblings. It is created once and shared by all requests.",
    guide: "servers",
    patterns: [
      { kind: "reference", names: ["FastMCP", "McpServer", "Server"] },
      { kind: "reference", names: ["ResourceTemplate", "completable"] },
      {
        kind: "call",
        names: ["registerTool", "registerResource", "registerPrompt"],
        sdks: official,
      },
      { kind: "call", names: ["tool", "resource", "prompt"], of: /server$/i, sdks: official },
      { kind: "call", names: added, sdks: ["fastmcp"] },
      // A bundle contains FastMCP and does not import it.
      { kind: "call", names: added, of: /server$/i },
    ],
  },
  {
    id: "request-handler",
    level: "replace",
    title: "Handlers of single methods",
    replacement:
      "Lutra routes methods itself. Define each tool, resource and prompt; a list that differs by caller is middleware of the server.",
    guide: "servers",
    patterns: [
      { kind: "call", names: ["setRequestHandler", "setNotificationHandler"] },
      { kind: "member", names: ["fallbackRequestHandler", "fallbackNotificationHandler"] },
    ],
  },
  {
    id: "client-api",
    level: "replace",
    title: "Client of the SDK",
    replacement:
      "createClient(url) or createClient({ command, args }), with onElicit, onSample and onRoots in place of request handlers. It connects by itself, also to servers of earlier revisions.",
    guide: "clients",
    patterns: [
      { kind: "reference", names: ["Client"], sdks: official },
      {
        kind: "reference",
        names: ["StdioClientTransport", "StreamableHTTPClientTransport"],
      },
    ],
  },
  {
    id: "request-context",
    level: "replace",
    title: "Context and input of a request in v2",
    replacement:
      "The context of a handler has signal, progress and elicit as members. await context.elicit(name, ...) replaces inputRequired with its answers and its state.",
    guide: "servers",
    patterns: [
      { kind: "member", names: ["mcpReq", "requestInfo"] },
      {
        kind: "reference",
        names: ["acceptedContent", "createRequestStateCodec", "inputRequired", "inputResponse"],
      },
    ],
  },
  {
    id: "caller",
    level: "replace",
    title: "The caller of a request",
    replacement:
      "Use context.principal. The option authenticate of the transport returns it, and scopes of a tool restrict who may call.",
    guide: "servers",
    patterns: [
      { kind: "member", names: ["authInfo"] },
      { kind: "reference", names: ["requireBearerAuth"] },
      { kind: "key", names: ["authenticate", "canAccess"], sdks: ["fastmcp"] },
      { kind: "member", names: ["session"], sdks: ["fastmcp"] },
    ],
  },
  {
    id: "error-api",
    level: "replace",
    title: "Errors of the SDK",
    replacement:
      "Throw a ToolError for the model and a ProtocolError for the client. Messages of other errors reach neither.",
    guide: "servers",
    patterns: [{ kind: "reference", names: ["McpError", "UserError", "ProtocolError"] }],
  },
];
