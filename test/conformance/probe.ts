import { specVersion } from "./suite.ts";

interface Discovered {
  readonly result?: { readonly _meta?: { readonly [key: string]: { readonly name?: string } } };
}

/**
 * Checks that the fixture, and no other server, answers at `url`. Resolves to the number of the
 * replica that answered a call, where a fleet reports it; a cached answer has none.
 */
export async function probe(url: string): Promise<string | undefined> {
  const discovered = await ask(url, "server/discover", {});
  const { result } = (await discovered.json()) as Discovered;
  const name = result?._meta?.["io.modelcontextprotocol/serverInfo"]?.name;
  if (name !== "everything") throw new Error(`${url}: expected the fixture, found ${name}`);
  const called = await ask(url, "tools/call", { name: "test_simple_text" });
  await called.arrayBuffer();
  return called.headers.get("x-lutra-replica") ?? undefined;
}

function ask(url: string, method: string, params: { readonly name?: string }): Promise<Response> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": specVersion,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": specVersion,
      "mcp-method": method,
      ...(params.name !== undefined && { "mcp-name": params.name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
}
