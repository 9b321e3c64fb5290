import { encodeHeaderValue } from "lutra/protocol";

const version = "2026-07-28";

/** Returns the HTTP request of a `tools/call`, which a scenario may then invalidate. */
export function callMessage(name: string, args: object) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const params = { name, arguments: args, _meta };
  const headers: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": version,
    "mcp-method": "tools/call",
    "mcp-name": encodeHeaderValue(name),
  };
  const body = JSON.stringify({ jsonrpc: "2.0", id: "x", method: "tools/call", params });
  return { method: "POST", headers, body };
}
