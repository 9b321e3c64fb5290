/** Suggestions for the user after the walk. */
import type { FleetProcess } from "./fleet-process.ts";
import { styled } from "./report.ts";

/** A request to paste into a shell. */
function curlCommand(url: string): string {
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

export function printFarewell({ url, adminUrl, consoleUrl, pids }: FleetProcess): void {
  const [pid] = pids.values();
  console.log(`
${styled("bold", `The gateway stays up at ${url}. Ctrl-C ends it.`)}

Open the console. The link contains the key to it:

${styled("bold", consoleUrl)}

  Fleet    three replicas of the atlas and the almanac, live. Drain a replica: requests stop at it.
           "What matches this request?" says which route takes tools/call with the name search.
  Traces   the exchanges of this walk. "Errors" and "Retried" show what the killed replicas caused;
           open one to see its attempts.

In another terminal:

Send a request. Repeat it and compare the x-lutra-replica header:

${curlCommand(url)}

Kill a replica. The supervisor restarts it:

kill -9 ${pid}

Show the state of the upstreams (also /metrics, /config, /readyz):

curl ${adminUrl}/upstreams

Explain how a request is routed:

npx lutra gateway routes examples/atlas/gateway.yaml tools/call search Country=JP

Continue with examples/atlas, the source of this tour, or run your own server:

npx lutra up my-server.ts
`);
}
