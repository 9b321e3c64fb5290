/** The official client of version 1, which opens a session. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { answers, capabilities, tryFeatures } from "./harness.mjs";
import { officialFeatures, subscribeWithSession } from "./official.mjs";

const call = (client, name, args, options) =>
  client.callTool({ name, arguments: args }, undefined, options);

await tryFeatures({
  connect: async (target, session) => {
    const client = new Client({ name: "official-1", version: "1" }, { capabilities });
    client.setRequestHandler(ElicitRequestSchema, () => answers.elicitation);
    client.setRequestHandler(CreateMessageRequestSchema, () => answers.sampling);
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: answers.roots }));
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
      session.hear(params.uri),
    );
    await client.connect(
      target.url
        ? new StreamableHTTPClientTransport(new URL(target.url))
        : new StdioClientTransport({ ...target, stderr: "ignore" }),
    );
    return client;
  },
  close: (client) => client.close(),
  features: {
    ...officialFeatures(call),
    subscribe: (client, part, session) => subscribeWithSession(client, part, { session, call }),
  },
});
