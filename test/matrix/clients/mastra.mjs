/** The MCP client of Mastra, which asks for `server/discover` and then speaks either era. */
import { MCPClient } from "@mastra/mcp";
import { answers, commonFeatures, expectTrue, tryFeatures } from "./harness.mjs";

const server = "one";
/** Its default, 3 seconds, is short for a gateway that starts a program first. */
const connectTimeout = 30_000;
const toolsOf = async (client) => (await client.listToolsets())[server];
const call = async (client, name, args) => (await toolsOf(client))[name].execute(args, {});
const common = commonFeatures({
  list: async (client) => Object.keys(await toolsOf(client)).map((name) => ({ name })),
  call,
  read: (client, uri) => client.resources.read(server, uri),
});

await tryFeatures({
  connect: async ({ url, ...command }) =>
    new MCPClient({
      servers: {
        [server]: {
          ...(url === undefined ? command : { url: new URL(url), connectTimeout }),
          inputRequests: async () => answers.elicitation,
          enableProgressTracking: true,
        },
      },
    }),
  close: (client) => client.disconnect(),
  features: {
    ...common,
    elicitation: common.calls,
    progress: async (client, { tool, args, count }) => {
      const seen = [];
      await client.progress.onUpdate(server, ({ progress }) => void seen.push(progress));
      await call(client, tool, args);
      expectTrue(seen.length === count, `expected ${count} notifications, got ${seen}`);
    },
    subscribe: async (client, { uri, touch }, session) => {
      await client.resources.onUpdated(server, ({ uri: updated }) => session.hear(updated));
      await client.resources.subscribe(server, uri);
      await call(client, touch, {});
      await session.heard((heard) => heard === uri);
    },
  },
});
