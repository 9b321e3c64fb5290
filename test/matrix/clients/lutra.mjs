/** The client of this repository. The second argument is its `era`. */
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { answers, commonFeatures, expectTrue, tryFeatures, untilCounted } from "./harness.mjs";

const common = commonFeatures({
  list: async (client) => (await client.listTools()).tools,
  call: (client, name, args, options) => client.callTool(name, args, options),
  read: (client, uri) => client.readResource(uri),
});

await tryFeatures({
  connect: async (target) => {
    const options = {
      era: process.argv[3],
      extensions: [followTasks()],
      onElicit: () => answers.elicitation,
      onSample: () => answers.sampling,
      onRoots: () => answers.roots,
    };
    return createClient(target.url ?? target, options);
  },
  close: (client) => client.close(),
  features: {
    ...common,
    elicitation: common.calls,
    sampling: common.calls,
    roots: common.calls,
    progress: async (client, { tool, args, count }) => {
      const seen = [];
      await client.callTool(tool, args, { onProgress: ({ progress }) => void seen.push(progress) });
      expectTrue(seen.length === count, `expected ${count} notifications, got ${seen}`);
    },
    cancel: async (client, { tool, args = {}, counted }) => {
      const abort = new AbortController();
      const options = { signal: abort.signal, onProgress: () => abort.abort() };
      const ended = await client.callTool(tool, args, options).catch(() => "cancelled");
      expectTrue(ended === "cancelled", "the call has ended by itself");
      if (counted) await untilCounted(() => client.callTool(counted, {}));
    },
    subscribe: async (client, { uri, touch }) => {
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const next = subscription[Symbol.asyncIterator]().next();
      await client.callTool(touch, {});
      const { value } = await next;
      expectTrue(value?.params.uri === uri, `expected ${uri}, got ${JSON.stringify(value)}`);
      await subscription.close();
    },
    tasks: common.calls,
  },
});
