/** Bundle sizes: esbuild, minified, gzip. */
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { missing, type Row, row, significant } from "../row.ts";

interface Bundle {
  readonly what: string;
  readonly code: string;
  readonly platform: "node" | "browser";
  readonly external?: readonly string[];
  readonly conditions?: readonly string[];
  readonly atMost?: number;
}

const inputSchema = JSON.stringify({
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
});

const lutraServer = `
  import { createServer, defineTool } from "lutra/server";
  const call = ({ a, b }) => String(a + b);
  const add = defineTool({ name: "add", inputSchema: ${inputSchema}, call });
  const server = createServer({ name: "bench", version: "1.0.0", tools: [add] });`;

const officialServer = `
  import { createMcpHandler, fromJsonSchema, McpServer } from "@modelcontextprotocol/server";
  const inputSchema = fromJsonSchema(${inputSchema});
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "bench", version: "1.0.0" });
    const call = ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] });
    server.registerTool("add", { inputSchema }, call);
    return server;
  });`;

const lutraClient = `
  import { createClient } from "lutra/client";
  export const client = createClient("https://example.com/mcp");`;

const officialClient = `
  import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
  export const client = new Client({ name: "bench", version: "1.0.0" });
  export const transport = new StreamableHTTPClientTransport(new URL("https://example.com/mcp"));`;

const bundles: readonly Bundle[] = [
  {
    what: "Lutra server with one JSON Schema tool, fetch handler",
    code: `${lutraServer}
      import { createFetchHandler } from "lutra/http";
      export default { fetch: createFetchHandler(server) };`,
    platform: "browser",
    atMost: 30,
  },
  {
    what: "Lutra server with one JSON Schema tool, fetch handler of lutra/http/modern",
    code: `${lutraServer}
      import { createFetchHandler } from "lutra/http/modern";
      export default { fetch: createFetchHandler(server) };`,
    platform: "browser",
    atMost: 30,
  },
  {
    what: "Lutra server of lutra/server/tools, fetch handler of lutra/http/modern",
    code: `${lutraServer.replace("lutra/server", "lutra/server/tools")}
      import { createFetchHandler } from "lutra/http/modern";
      export default { fetch: createFetchHandler(server) };`,
    platform: "browser",
    atMost: 32,
  },
  {
    what: "Lutra server with one JSON Schema tool, native Node handler",
    code: `${lutraServer}
      import { serveHttp } from "lutra/node";
      await serveHttp(server);`,
    platform: "node",
    atMost: 30,
  },
  {
    what: "Lutra client, fetch",
    code: lutraClient,
    platform: "browser",
    atMost: 30,
  },
  {
    what: "Lutra client of lutra/client/modern, fetch",
    code: lutraClient.replace("lutra/client", "lutra/client/modern"),
    platform: "browser",
    atMost: 30,
  },
  {
    what: "Lutra client, Node, without undici",
    code: lutraClient,
    platform: "node",
    external: ["undici"],
    atMost: 30,
  },
  {
    what: "Lutra view of an app",
    code: `
      import { createView } from "lutra/apps/view";
      createView({ name: "bench", version: "1.0.0" });`,
    platform: "browser",
    atMost: 6,
  },
  {
    what: "Lutra host of apps: element, bridge and client",
    code: `
      import { defineAppElement, showApps } from "lutra/apps/host";
      import { createClient } from "lutra/client";
      defineAppElement();
      export const client = createClient("https://example.com/mcp", { extensions: [showApps()] });`,
    platform: "browser",
  },
  {
    what: "Lutra host of apps: element and bridge",
    code: `
      import { defineAppElement } from "lutra/apps/host";
      defineAppElement();`,
    platform: "browser",
  },
  {
    what: "official bridge of ext-apps, without client and element",
    code: `
      import { AppBridge } from "@modelcontextprotocol/ext-apps/app-bridge";
      export const bridge = new AppBridge(null, { name: "bench", version: "1.0.0" }, {});`,
    platform: "browser",
  },
  {
    what: "official app of ext-apps",
    code: `
      import { App } from "@modelcontextprotocol/ext-apps";
      new App({ name: "bench", version: "1.0.0" }).connect();`,
    platform: "browser",
  },
  {
    what: "official server with one JSON Schema tool, fetch handler",
    code: `${officialServer}
      export default handler;`,
    platform: "browser",
    conditions: ["workerd"],
  },
  {
    what: "official server with one JSON Schema tool, Node adapter",
    code: `${officialServer}
      import { createServer } from "node:http";
      import { toNodeHandler } from "@modelcontextprotocol/node";
      createServer(toNodeHandler(handler)).listen(3000);`,
    platform: "node",
  },
  { what: "official client, fetch", code: officialClient, platform: "browser" },
  { what: "official client, Node", code: officialClient, platform: "node" },
];

export async function size(): Promise<readonly Row[]> {
  return await Promise.all(bundles.map(measure));
}

async function measure(bundle: Bundle): Promise<Row> {
  const { code, platform, external = [], conditions = [], atMost } = bundle;
  const what = `bundle: ${bundle.what}`;
  try {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: process.cwd() },
      platform,
      external: [...external],
      conditions: [...conditions],
      bundle: true,
      minify: true,
      format: "esm",
      write: false,
      logLevel: "silent",
    });
    const { contents } = outputFiles[0] as { readonly contents: Uint8Array };
    return row({
      what,
      values: [gzipSync(contents, { level: 9 }).length / 1000],
      medians: `${significant(contents.length / 1000)} kB before gzip`,
      unit: " kB",
      ...(atMost !== undefined && { target: { atMost } }),
    });
  } catch (error) {
    return missing(what, String(error).split("\n")[1] ?? String(error));
  }
}
