/** `@langchain/mcp-adapters`. */
import { MultiServerMCPClient } from "@langchain/mcp-adapters";
import { commonFeatures, expectTrue, tryFeatures } from "./harness.mjs";

const toolNamed = async (client, name) => {
  const tool = (await client.getTools()).find((one) => one.name === name);
  expectTrue(tool !== undefined, `not listed: ${name}`);
  return tool;
};
const common = commonFeatures({
  list: (client) => client.getTools(),
  call: async (client, name, args) => (await toolNamed(client, name)).invoke(args),
  read: (client, uri) => client.readResource("one", uri),
});

await tryFeatures({
  connect: async (target) => {
    const server = target.url
      ? { transport: "http", url: target.url }
      : { transport: "stdio", ...target, stderr: "ignore" };
    const client = new MultiServerMCPClient({ mcpServers: { one: server } });
    await client.initializeConnections();
    return client;
  },
  close: (client) => client.close(),
  features: common,
});
