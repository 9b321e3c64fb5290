/** What a reader can try once the walk is over. */
import type { FleetProcess } from "./fleet-process.ts";
import { styled } from "./report.ts";

/** A request by hand, ready for a shell. */
export function curlCommand(url: string): string {
  const request = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: {
      name: "search",
      arguments: { query: "kyoto", country: "JP", limit: 3 },
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  };
  return [
    `curl -i ${url}`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: application/json, text/event-stream'",
    "-H 'MCP-Protocol-Version: 2026-07-28'",
    "-H 'Mcp-Method: tools/call'",
    "-H 'Mcp-Name: search'",
    "-H 'Mcp-Param-Country: JP'",
    `-d '${JSON.stringify(request)}'`,
  ].join(" \\\n  ");
}

export function printFarewell({ url, adminUrl, pids }: FleetProcess): void {
  const [pid] = pids.values();
  console.log(`
${styled("bold", `The gateway stays up at ${url}. Ctrl-C ends it.`)} In another terminal:

Ask it something. Run this a few times, and watch the header x-lutra-replica:

${curlCommand(url)}

Take a replica away and see it come back, here and in the answers:

kill -9 ${pid}

Look at what the gateway sees (also /metrics, /config, /readyz):

curl ${adminUrl}/upstreams

See where a request would go, and why:

npx lutra gateway routes examples/atlas/gateway.yaml tools/call search Country=JP

Go on with examples/atlas, which is what you have just seen, or with your own server:
npx lutra up my-server.ts
`);
}
