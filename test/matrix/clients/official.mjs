/** The features of both official clients, whose APIs are alike. */
import { commonFeatures, expectTrue, untilCounted } from "./harness.mjs";

/** @param call Calls a tool: (client, name, args, options). */
export function officialFeatures(call) {
  const common = commonFeatures({
    list: async (client) => (await client.listTools()).tools,
    call,
    read: (client, uri) => client.readResource({ uri }),
  });
  return {
    ...common,
    elicitation: common.calls,
    sampling: common.calls,
    roots: common.calls,
    progress: async (client, { tool, args, count }) => {
      const seen = [];
      await call(client, tool, args, { onprogress: ({ progress }) => void seen.push(progress) });
      expectTrue(seen.length === count, `expected ${count} notifications, got ${seen}`);
    },
    cancel: async (client, { tool, args = {}, counted }) => {
      const abort = new AbortController();
      const options = { signal: abort.signal, onprogress: () => abort.abort() };
      const ended = await call(client, tool, args, options).catch(() => "cancelled");
      expectTrue(ended === "cancelled", "the call has ended by itself");
      if (counted) await untilCounted(() => call(client, counted, {}));
    },
  };
}

/** Subscribes as clients of earlier revisions do. */
export async function subscribeWithSession(client, { uri, touch }, { session, call }) {
  await client.subscribeResource({ uri });
  await call(client, touch, {});
  await session.heard((heard) => heard === uri);
}
