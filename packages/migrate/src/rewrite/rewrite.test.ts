import { describe, expect, it } from "vitest";
import { findingsIn } from "../find.ts";
import { rules } from "../rules/index.ts";
import { parseModule } from "../source/module.ts";
import { rewriteModules } from "./rewrite.ts";

/** Returns the new text of modules, by path; unchanged ones as they are. */
function rewritten(files: { readonly [path: string]: string }): { [path: string]: string } {
  const modules = Object.entries(files).map(([path, source]) => parseModule(path, source));
  const sdks = new Set(modules.flatMap((module) => [...module.sdks]));
  const findings = modules.flatMap((module) => findingsIn(module, rules, sdks));
  const changed = rewriteModules(modules, findings, rules);
  return { ...files, ...Object.fromEntries(changed.map(({ file, text }) => [file, text])) };
}

const official = `import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";\n`;
const fastmcp = `import { FastMCP, UserError } from "fastmcp";\n`;

/** Returns the new text of the statements after the import. */
function body(source: string, head = official): string {
  const { "server.ts": text = "" } = rewritten({ "server.ts": head + source });
  return text.replace(/^(?:import [^\n]*\n)+/, "");
}

describe("a server of the official SDK", () => {
  it.each([
    [`import { createServer } from "node:http";\n`, `createServer(listener);`],
    [``, `export const createServer = () => 1;`],
    [``, `function use(createServer) { createServer(); }`],
  ])("is created under another name beside: %s%s", (imports, use) => {
    const source = `${official}${imports}${use}\nconst s = new McpServer({ name: "a", version: "1" });`;
    const { "a.ts": text = "" } = rewritten({ "a.ts": source });
    expect(text).toBe(
      `import { createServer as lutraCreateServer } from "lutra/server";\n${imports}${use}\n` +
        `const s = lutraCreateServer({ name: "a", version: "1" });`,
    );
  });

  it("is created under its own name beside a member of the same name", () => {
    const source = `http.createServer({ createServer: 1 });\nconst s = new McpServer({ name: "a", version: "1" });`;
    expect(body(source)).toContain(`const s = createServer({ name: "a"`);
  });

  it("is created with the lists to which the program adds, in any module", () => {
    const { "server.ts": server, "tools.ts": tools } = rewritten({
      "server.ts": `${official}export const server = new McpServer({ name: "a", version: "1" }, {
  capabilities: { tools: {} },
  instructions: "Call it",
});`,
      "tools.ts": `import { server } from "./server.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
server.registerTool("b", {}, run);`,
    });
    expect(server).toBe(`import { createServer } from "lutra/server";
export const server = createServer({ name: "a", version: "1", instructions: "Call it", tools: [] });`);
    expect(tools).toContain(`server.tools.add(defineTool({ name: "b", call: `);
  });

  it("keeps the import of names that remain in use", () => {
    const head = `import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";\n`;
    const { "server.ts": text } = rewritten({
      "server.ts": `${head}new McpServer({ name: "a", version: "1" });\nnew ResourceTemplate(uri);`,
    });
    expect(text).toContain(
      `import { ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";`,
    );
  });

  it("has the type Server where a type names it", () => {
    const { "server.ts": text } = rewritten({
      "server.ts": `${official}const start = (server: McpServer) => server.tool("a", run);`,
    });
    expect(text).toContain(`import { defineTool, toolResult, type Server } from "lutra/server";`);
    expect(text).toContain("(server: Server) =>");
  });

  it("stays as it is, with a comment, if its options are not written out", () => {
    expect(body("const server = new McpServer(info);")).toMatch(
      /^\/\/ lutra migrate \(server-api\): [^\n]+\nconst server = new McpServer\(info\);$/,
    );
  });

  it("is connected with standard input and output", () => {
    const source = `import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
async function main() {
  const transport = new StdioServerTransport();
  await server.connect(transport);
}`;
    expect(rewritten({ "a.ts": source })["a.ts"]).toBe(`import { serveStdio } from "lutra/node";
async function main() {
  await serveStdio(server);
}`);
  });

  it("notifies of changes of a resource", () => {
    expect(body("server.server.sendResourceUpdated({ uri });")).toBe(
      "server.resourceUpdated(uri);",
    );
  });
});

describe("a tool of the official SDK", () => {
  it.each([
    [
      `server.registerTool("a", { description: "A", inputSchema: { b: z.string() } }, async ({ b }) => ({ content: [] }));`,
      `server.tools.add(defineTool({ name: "a", description: "A", inputSchema: z.object({ b: z.string() }), call: async ({ b }) => toolResult({ content: [] }) }));`,
    ],
    [
      `server.registerTool(name, { inputSchema: Args.shape }, run);`,
      `server.tools.add(defineTool({ name: name, inputSchema: Args, call: async (args, context) => toolResult(await run(args, context)) }));`,
    ],
    [
      `server.registerTool("a", {}, async (extra) => result(extra.signal));`,
      `server.tools.add(defineTool({ name: "a", call: async (_arguments, extra) => toolResult(await result(extra.signal)) }));`,
    ],
    [
      `server.tool("a", "A", { b: z.string() }, { readOnlyHint: true }, async ({ b }) => ({ content: [] }));`,
      `server.tools.add(defineTool({ name: "a", description: "A", inputSchema: z.object({ b: z.string() }), annotations: { readOnlyHint: true }, call: async ({ b }) => toolResult({ content: [] }) }));`,
    ],
    [
      `server.tool("a", async () => { if (no) return { content: [], isError: true }; throw new Error("b"); });`,
      `server.tools.add(defineTool({ name: "a", call: async () => { if (no) return toolResult({ content: [], isError: true }); throw new ToolError("b"); } }));`,
    ],
  ])("is defined: %s", (source, expected) => {
    expect(body(source)).toBe(expected);
  });

  it.each([
    `const run = async () => { throw new Error("b"); };`,
    `async function run() { throw new Error("b"); }`,
  ])("keeps the message of an error in a handler with a name: %s", (handler) => {
    const source = `${handler}\nserver.tool("a", run);\nserver.tool("b", run);`;
    expect(body(source)).toContain(handler.replace("Error(", "ToolError("));
  });

  it("is defined with a configuration that is a constant of its own", () => {
    const source = `const config = { title: "A", inputSchema: { b: z.string() } };
server.registerTool("a", config, async ({ b }) => ({ content: [] }));`;
    expect(
      body(source),
    ).toBe(`const config = { title: "A", inputSchema: z.object({ b: z.string() }) };
server.tools.add(defineTool({ name: "a", ...config, call: async ({ b }) => toolResult({ content: [] }) }));`);
  });

  it("is defined beside a chain of 20,000 operators", () => {
    const chain = Array(20_000).fill("b").join(" + ");
    const source = `server.tool("a", async () => ({ content: [${chain}] }));`;
    expect(body(source)).toContain("toolResult({ content: [b + b");
  });

  it("stays as it is if its configuration has other uses", () => {
    const source = "const config = {};\nuse(config);\nserver.registerTool(name, config, run);";
    expect(body(source)).toContain("\nserver.registerTool(name, config, run);");
  });

  it("keeps returns and errors of functions inside", () => {
    const source = `server.tool("a", async () => { list.map((b) => { if (b) throw new Error("c"); return { d: 1 }; }); return { content: [] }; });`;
    expect(body(source)).toContain(
      `if (b) throw new Error("c"); return { d: 1 }; }); return toolResult(`,
    );
  });

  it("asks the client with its context, under a name", () => {
    const source = `server.tool("a", async () => {
  const answer = await server.server.elicitInput({ message: "Sure?", requestedSchema }, { timeout: 5 });
  const { roots } = await server.server.listRoots();
  return { content: [] };
});`;
    expect(
      body(source),
    ).toBe(`server.tools.add(defineTool({ name: "a", call: async (_arguments, context) => {
  const answer = await context.elicit("elicit1", { message: "Sure?", requestedSchema });
  const { roots } = { roots: await context.roots("roots2") };
  return toolResult({ content: [] });
} }));`);
  });

  it("returns an input request of v2 as it is", () => {
    const source = `server.tool("a", async () => inputRequired({ inputRequests }));`;
    expect(body(source)).toContain("call: async () => inputRequired({ inputRequests }) }");
  });

  it("asks with a request that is written out", () => {
    const source = `server.tool("a", async (extra) => { await extra.sendRequest({ method: "elicitation/create", params: form }, schema); return { content: [] }; });`;
    expect(body(source)).toContain(`await extra.elicit("elicit1", form); return`);
  });

  it("keeps a request if its context is destructured, with a comment", () => {
    const source = `server.tool("a", async ({ sendRequest }) => { await sendRequest({ method: "elicitation/create", params: form }); return { content: [] }; });`;
    expect(body(source)).toMatch(/\/\/ lutra migrate \(elicitation\)[\s\S]+await sendRequest\(/);
  });

  it("reports progress without a token", () => {
    const source = `server.tool("a", async (extra) => { const token = extra._meta?.progressToken; await extra.sendNotification({ method: "notifications/progress", params: { progress: 1, total, progressToken: token } }); return { content: [] }; });`;
    expect(body(source)).toContain(
      "const token = extra.meta?.progressToken; await extra.progress({ progress: 1, total }); return",
    );
  });

  it("stays as it is, with a comment, if it has an option without a counterpart", () => {
    const source = `server.registerTool("a", { execution: {} }, run);`;
    expect(body(source)).toMatch(
      /^\/\/ lutra migrate \(server-api\): [^\n]+\nserver\.registerTool/,
    );
  });
});

describe("a resource of the official SDK", () => {
  it("is defined by its contents", () => {
    const source = `server.registerResource("a", "file:///a", { mimeType: "text/plain" }, async (uri) => ({ contents: [{ uri: uri.href, text }] }));`;
    expect(body(source)).toBe(
      `server.resources.add(defineResource({ name: "a", uri: "file:///a", mimeType: "text/plain", read: async (uri) => [{ uri: uri, text }] }));`,
    );
  });

  it("with a template receives its variables and the URI of the context", () => {
    const source = `server.registerResource("a", new ResourceTemplate("a://{b}", { list: undefined }), { title: "A" }, async (uri, { b }) => ({ contents: [{ uri: uri.href, text: b }] }));`;
    expect(body(source)).toBe(
      `server.resourceTemplates.add(defineResourceTemplate({ name: "a", uriTemplate: "a://{b}", title: "A", read: async ({ b }, context) => [{ uri: context.uri, text: b }] }));`,
    );
  });

  it.each([
    [
      "completion",
      `new ResourceTemplate("a://{b}", { complete })`,
      "async (uri, { b }) => ({ contents })",
    ],
    ["a list", `new ResourceTemplate("a://{b}", { list })`, "async (uri, { b }) => ({ contents })"],
    ["a template that is a constant", "template", "async (uri, { b }) => ({ contents })"],
    ["another result", `new ResourceTemplate("a://{b}", {})`, "async (uri, { b }) => read(b)"],
    ["a handler with a name", `new ResourceTemplate("a://{b}", {})`, "read"],
  ])("with %s is marked", (_name, template, handler) => {
    const source = `server.registerResource("a", ${template}, {}, ${handler});`;
    expect(body(source)).toMatch(/^\/\/ lutra migrate \(server-api\)/);
  });
});

describe("a prompt of the official SDK", () => {
  it("is defined with its arguments", () => {
    const source = `server.registerPrompt("a", { title: "A", argsSchema: { b: z.string().describe("B"), c: z.string().optional() } }, ({ b }) => ({ messages: [] }));`;
    expect(body(source)).toBe(
      `server.prompts.add(definePrompt({ name: "a", title: "A", arguments: { b: { required: true, description: "B" }, c: {} }, get: ({ b }) => ({ messages: [] }) }));`,
    );
  });

  it("is defined with a configuration that is a constant of its own", () => {
    const source = `const config = { argsSchema: { b: z.string() } };
server.registerPrompt("a", config, ({ b }) => ({ messages: [] }));`;
    expect(body(source)).toBe(`const config = { arguments: { b: { required: true } } };
server.prompts.add(definePrompt({ name: "a", ...config, get: ({ b }) => ({ messages: [] }) }));`);
  });

  it("without arguments is defined", () => {
    const source = `server.registerPrompt("a", {}, (extra) => ({ messages: [] }));`;
    expect(body(source)).toBe(
      `server.prompts.add(definePrompt({ name: "a", get: (_arguments, extra) => ({ messages: [] }) }));`,
    );
  });

  it.each(["z.coerce.number()", "completable(z.string(), complete)", "schema"])(
    "with the argument %s is marked",
    (schema) => {
      const source = `server.registerPrompt("a", { argsSchema: { b: ${schema} } }, () => {});`;
      expect(body(source)).toMatch(/^\/\/ lutra migrate \(server-api\)/);
    },
  );
});

describe("a server of FastMCP", () => {
  it("is created, with tools whose members have other names", () => {
    const source = `const server = new FastMCP({ name: "a", version: "1" });
server.addTool({ name: "b", parameters: schema, execute: async ({ c }) => { throw new UserError(c); } });
server.start({ transportType: "stdio" });`;
    expect(
      rewritten({ "a.ts": fastmcp + source })["a.ts"],
    ).toBe(`import { serveStdio } from "lutra/node";
import { createServer, defineTool, ToolError } from "lutra/server";
const server = createServer({ name: "a", version: "1", tools: [] });
server.tools.add(defineTool({ name: "b", inputSchema: schema, call: async ({ c }) => { throw new ToolError(c); } }));
serveStdio(server);`);
  });

  it("keeps a tool whose context is destructured, with comments", () => {
    const source = `server.addTool({ name: "b", execute: async (args, { log }) => log.info(1) });`;
    const text = body(source, fastmcp);
    expect(text).toContain("// lutra migrate (server-api): ");
    expect(text).toContain("// lutra migrate (logging): ");
    expect(text).toContain("server.addTool({");
  });
});

describe("a client of the official SDK", () => {
  const head = `import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
`;
  const client = `const client = new Client({ name: "a", version: "1" }, { capabilities: {} });\n`;
  const connect = `await client.connect(new StreamableHTTPClientTransport(new URL("http://a/mcp")));\n`;

  it("is created with its target, and calls with names and arguments", () => {
    const source = `${client}const transport = new StreamableHTTPClientTransport(new URL("http://a/mcp"));
await client.connect(transport);
const { tools } = await client.listTools();
await client.callTool({ name: tools[0].name, arguments: { b: 1 } });
await client.getPrompt({ name: "c" });
await client.readResource({ uri });
await client.close();`;
    const { "a.ts": text } = rewritten({ "a.ts": head + source });
    expect(text).toBe(`import { createClient } from "lutra/client";
const client = createClient("http://a/mcp", { clientInfo: { name: "a", version: "1" } });
const { tools } = await client.listTools();
await client.callTool(tools[0].name, { b: 1 });
await client.getPrompt("c");
await client.readResource(uri);
await client.close();`);
  });

  it("of a program is created with its command", () => {
    const { "a.ts": text } = rewritten({
      "a.ts": `import { Client, StdioClientTransport } from "@modelcontextprotocol/client";
const client = new Client(info);
await client.connect(new StdioClientTransport({ command: "node", args }));`,
    });
    expect(text).toBe(`import { createClient } from "lutra/client";
const client = createClient({ command: "node", args }, { clientInfo: info });`);
  });

  it.each([
    ["another method", `${client}${connect}await client.ping();`],
    [
      "options of a call",
      `${client}${connect}await client.callTool({ name }, schema, { timeout });`,
    ],
    ["a use as a value", `${client}${connect}use(client);`],
    ["a use before its connection", `${client}client.onclose = end;\n${connect}`],
    [
      "capabilities",
      `const client = new Client(info, { capabilities: { roots: {} } });\n${connect}`,
    ],
    ["a connection elsewhere", `${client}async function run() {\n${connect}}`],
  ])("with %s is marked", (_name, source) => {
    const { "a.ts": text = "" } = rewritten({ "a.ts": head + source });
    expect(text).toContain("// lutra migrate (client-api): ");
    expect(text).toContain("= new Client(");
  });
});

describe("the comments", () => {
  const source = `function handle(request) {
  if (request.headers["mcp-session-id"] || request.sessionId) {
    return reply({
      code: -32002,
    });
  }
}`;

  it("are above the statement, once for each rule", () => {
    const lines = body(source).split("\n");
    expect(lines.map((line) => line.replace(/: .*/, ""))).toEqual([
      "function handle(request) {",
      "  // lutra migrate (session-id)",
      `  if (request.headers["mcp-session-id"] || request.sessionId) {`,
      "    // lutra migrate (resource-not-found)",
      "    return reply({",
      "      code",
      "    });",
      "  }",
      "}",
    ]);
  });

  it("are not added twice", () => {
    const { "server.ts": once = "" } = rewritten({ "server.ts": official + source });
    expect(rewritten({ "server.ts": once })["server.ts"]).toBe(once);
  });
});
