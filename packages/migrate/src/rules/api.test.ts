import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  ["server-api", "new sdk.McpServer(info);", "official-v1", "McpServer"],
  ["server-api", "new sdk.FastMCP(info);", "fastmcp", "FastMCP"],
  ["server-api", "server.registerTool(name, config, run);", "official-v2", "registerTool"],
  ["server-api", "mcpServer.tool(name, run);", "official-v1", "tool"],
  ["server-api", "server.addTool({ name });", "fastmcp", "addTool"],
  ["server-api", "server.addResourceTemplate({});", "fastmcp", "addResourceTemplate"],
  ["server-api", "library.addPrompt({});", "fastmcp", "addPrompt"],
  ["server-api", "server.addTool({});", "official-v1", "addTool"],
  ["request-handler", "server.setRequestHandler(schema, run);", "official-v1", "setRequestHandler"],
  [
    "request-handler",
    "server.fallbackRequestHandler = run;",
    "official-v1",
    "fallbackRequestHandler",
  ],
  ["client-api", "new sdk.Client(info);", "official-v1", "Client"],
  [
    "client-api",
    "new sdk.StreamableHTTPClientTransport(url);",
    "official-v1",
    "StreamableHTTPClientTransport",
  ],
  ["server-api", "new sdk.ResourceTemplate(uri, options);", "official-v2", "ResourceTemplate"],
  ["request-context", "const { signal } = ctx.mcpReq;", "official-v2", "mcpReq"],
  ["request-context", "use(extra.requestInfo.headers);", "official-v1", "requestInfo"],
  ["request-context", "sdk.inputRequired({ inputRequests });", "official-v2", "inputRequired"],
  ["caller", "const { authInfo } = extra;", "official-v1", "authInfo"],
  ["caller", "app.use(sdk.requireBearerAuth({ verifier }));", "official-v2", "requireBearerAuth"],
  ["caller", "new Library({ authenticate: check });", "fastmcp", "authenticate"],
  ["caller", "server.addTool({ execute: (args, { session }) => 1 });", "fastmcp", "session"],
  ["error-api", "throw new sdk.McpError(code, text);", "official-v1", "McpError"],
  ["error-api", "throw new sdk.UserError(text);", "fastmcp", "UserError"],
] as const)("the rule %s finds %s", (rule, source, sdk, found) => {
  expect(placesOf(rule, source, sdk)).toEqual([`1: ${found}`]);
});

it("the rule server-api ignores names of other packages", () => {
  const source = `import { Server } from "node:http";\nnew Server();\ntable.addTool(1);`;
  expect(placesOf("server-api", source)).toEqual([]);
});
