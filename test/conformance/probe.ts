import { specVersion } from "./suite.ts";

interface Discovered {
  readonly result?: { readonly _meta?: { readonly [key: string]: { readonly name?: string } } };
}

/**
 * Makes sure that the fixture answers at `url`, and nothing else. Resolves to the number of the
 * replica that did, where a fleet says so.
 */
export async function probe(url: string): Promise<string | undefined> {
  const method = "server/discover";
  const meta = {
    "io.modelcontextprotocol/protocolVersion": specVersion,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": specVersion,
      "mcp-method": method,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { _meta: meta } }),
  });
  const { result } = (await response.json()) as Discovered;
  const name = result?._meta?.["io.modelcontextprotocol/serverInfo"]?.name;
  if (name !== "everything") throw new Error(`${url}: expected the fixture, found ${name}`);
  return response.headers.get("x-lutra-replica") ?? undefined;
}
