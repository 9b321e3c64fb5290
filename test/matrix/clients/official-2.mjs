/** The official client of version 2. The second argument is `default`, or `auto` for its new form. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { answers, capabilities, tryFeatures } from "./harness.mjs";
import { officialFeatures, subscribeWithSession } from "./official.mjs";

const mode = process.argv[3];
const negotiation = mode === "auto" ? { versionNegotiation: { mode } } : {};
const call = (client, name, args, options) => client.callTool({ name, arguments: args }, options);

await tryFeatures({
  connect: async (target, session) => {
    const info = { name: "official-2", version: "2" };
    const client = new Client(info, { capabilities, ...negotiation });
    client.setRequestHandler("elicitation/create", () => answers.elicitation);
    client.setRequestHandler("sampling/createMessage", () => answers.sampling);
    client.setRequestHandler("roots/list", () => ({ roots: answers.roots }));
    client.setNotificationHandler("notifications/resources/updated", ({ params }) =>
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
    subscribe: async (client, part, session) => {
      if (client.getProtocolEra() === "legacy") {
        return await subscribeWithSession(client, part, { session, call });
      }
      const subscription = await client.listen({ resourceSubscriptions: [part.uri] });
      await call(client, part.touch, {});
      await session.heard((heard) => heard === part.uri);
      await subscription.close();
    },
  },
});
