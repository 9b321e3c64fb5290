/** Many clients that subscribe to the same changes. */
import {
  type RecordingUpstream,
  startRecordingUpstream,
} from "../../../test/gateway/recording-upstream.ts";
import { open } from "./asking.ts";
import type { Observation } from "./attack.ts";
import { attackGateway, within } from "./attacked-gateway.ts";

/** Maximum number of subscriptions to one upstream: of the clients, and those of the gateway itself. */
const maxStreams = 3;
const waitMs = 20_000;
const wanted = '"notifications":{"toolsListChanged":true}';

/** Opens subscriptions, and lets an upstream announce a change. */
export async function floodSubscriptions(count: number): Promise<Observation> {
  const upstreams = [await startRecordingUpstream("a"), await startRecordingUpstream("b")] as const;
  const [a, b] = upstreams;
  const end = new AbortController();
  try {
    const config = { upstreams: { a: { url: a.url }, b: { url: b.url } } };
    return await attackGateway(config, async ({ url }) => {
      const head = { method: "subscriptions/listen" };
      const clients = await Promise.all(
        Array.from({ length: count }, async () =>
          subscriber(await open(url, head, { members: wanted, signal: end.signal })),
        ),
      );
      await within(Promise.all(clients.map((client) => client.next())), waitMs, undefined);
      const changed = clients.map((client) => client.next());
      a.changeTools();
      await within(Promise.all(changed), waitMs, undefined);
      const notified = clients.filter((client) => client.methods[1]?.endsWith("list_changed"));
      const streams = upstreams.map(streamsOf);
      return {
        observed: `${streams.join(" and ")} subscriptions at the upstreams; ${notified.length} of ${count} notified`,
        isHeld: Math.max(...streams) <= maxStreams && notified.length === count,
      };
    });
  } finally {
    end.abort();
    await Promise.all(upstreams.map((one) => one.close()));
  }
}

function streamsOf(upstream: RecordingUpstream): number {
  return upstream.received().split(/^mcp-method: subscriptions\/listen\r?$/im).length - 1;
}

interface Subscriber {
  /** The methods of the notifications so far. */
  readonly methods: readonly string[];
  /** Resolves with the next notification, or with the end of the stream. */
  readonly next: () => Promise<void>;
}

function subscriber(response: Response): Subscriber {
  const methods: string[] = [];
  const messages = methodsIn(response);
  return {
    methods,
    next: async () => {
      const { value } = await messages.next().catch(() => ({ value: undefined }));
      if (value !== undefined) methods.push(value);
    },
  };
}

async function* methodsIn(response: Response): AsyncGenerator<string, undefined> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield String(JSON.parse(data).method);
    }
  }
  return undefined;
}
