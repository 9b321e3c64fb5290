/** Responses that an exported proxy sends itself before it tries the routes, as the gateway does. */
import { discover, headerNames, latestVersion, metaKeys, ProtocolError } from "lutra/protocol";
import { notRouted } from "../refuse.ts";
import { type RefuseAction, refusalOf } from "./export-plan.ts";

export const ownAnswers: {
  readonly [reason in
    | "foreignHost"
    | "foreignOrigin"
    | "metadata"
    | "repeated"
    | "notRouted"]: RefuseAction;
} = {
  foreignHost: refusalOf(new ProtocolError("invalidRequest", "Host: not allowed", { status: 403 })),
  foreignOrigin: refusalOf(
    new ProtocolError("invalidRequest", "Origin: not allowed", { status: 403 }),
  ),
  metadata: refusalOf(
    new ProtocolError(
      "headerMismatch",
      `Header mismatch: MCP-Protocol-Version or Mcp-Method: missing, or of an earlier revision; this server supports ${latestVersion}`,
      { data: { supported: [latestVersion] } },
    ),
  ),
  repeated: refusalOf(
    new ProtocolError(
      "headerMismatch",
      "Header mismatch: a metadata header was sent more than once",
    ),
  ),
  notRouted: refusalOf(notRouted()),
};

/** Regular expressions for loopback names in `Host` and for loopback origins, in lower case. */
export const loopbackHost = "(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1\\])(?::[0-9]+)?";
export const loopbackOrigin = `https?://${loopbackHost}`;

/** The request that checks the health of a replica. */
export const healthCheck = {
  headers: {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    [headerNames.version]: latestVersion,
    [headerNames.method]: discover.name,
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: "health",
    method: discover.name,
    params: {
      _meta: {
        [metaKeys.protocolVersion]: latestVersion,
        [metaKeys.clientInfo]: { name: "lutra-health", version: "1" },
        [metaKeys.clientCapabilities]: {},
      },
    },
  }),
} as const;

/** Minimum time that an event stream may be silent, in milliseconds. */
export const streamIdleMs = 3_600_000;

/**
 * Maximum idle time of a connection to a replica, in milliseconds. Node closes idle connections after
 * 5 s; the proxy closes them first, so that it never sends on a connection that is closing.
 */
export const idleConnectionMs = 4000;

/** Writes comment lines. Line breaks in texts of the configuration are replaced. */
export function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${line.replace(/[^ -~]/g, "?")}`.trimEnd()).join("\n");
}
