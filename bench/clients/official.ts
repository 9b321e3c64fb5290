/** The official client over HTTP, pinned to the revision so that it sends no `initialize`. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { report } from "./report.ts";

const url = new URL(process.argv[2] as string);
const versionNegotiation = { mode: { pin: "2026-07-28" } } as const;
const client = new Client({ name: "bench", version: "1.0.0" }, { versionNegotiation });
await client.connect(new StreamableHTTPClientTransport(url));

report(async (a, b) => {
  const { content } = await client.callTool({ name: "add", arguments: { a, b } });
  const [block] = content as readonly { readonly text: string }[];
  return block?.text ?? "";
});
