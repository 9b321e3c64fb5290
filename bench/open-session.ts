/** Opens a session as clients of revision 2025-11-25 do, and returns its id. */
export async function openSession(port: number): Promise<string> {
  const clientInfo = { name: "bench", version: "1.0.0" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }),
  });
  await response.text();
  const session = response.headers.get("mcp-session-id");
  if (session === null) throw new Error(`initialize: status ${response.status}, and no session`);
  return session;
}
