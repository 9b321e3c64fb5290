/** `@ai-sdk/mcp`, versions 1 and 2. */
import * as sdk from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as StdioTransport } from "@ai-sdk/mcp/mcp-stdio";
import { answers, commonFeatures, expectText, tryFeatures } from "./harness.mjs";

const common = commonFeatures({
  list: async (client) => Object.keys(await client.tools()).map((name) => ({ name })),
  call: async (client, name, args) => {
    const tools = await client.tools();
    return await tools[name].execute(args, { toolCallId: "1", messages: [] });
  },
  read: (client, uri) => client.readResource({ uri }),
});

await tryFeatures({
  connect: async (target) => {
    const transport = target.url
      ? { type: "http", url: target.url }
      : new StdioTransport({ ...target, stderr: "ignore" });
    const client = await sdk.createMCPClient({
      transport,
      capabilities: { elicitation: {} },
    });
    client.onElicitationRequest(sdk.ElicitationRequestSchema, () => answers.elicitation);
    return client;
  },
  close: (client) => client.close(),
  features: {
    ...common,
    elicitation: async (client, { tool, args = {}, text }) => {
      const tools = await client.tools();
      expectText(await tools[tool].execute(args, { toolCallId: "2", messages: [] }), text);
    },
  },
});
