/** Subscriptions whose caller's token expires. */
import { serveHttp } from "lutra/node";
import { createServer, defineTool } from "lutra/server";
import { expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { startGateway } from "../gateway.ts";

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

const ways: readonly [string, Partial<ConfigInput>][] = [
  ["relayed", {}],
  ["merged", { routes: [{ merge: "all" }] }],
];

it.each(ways)("ends gracefully, and gets nothing afterwards (%s)", async (_way, settings) => {
  const server = createServer({
    name: "books",
    version: "1.0.0",
    tools: [defineTool({ name: "look", call: () => "" })],
  });
  const upstream = await serveHttp(server, { port: 0 });
  onTestFinished(() => upstream.close());
  let expiresAtMs = Number.MAX_SAFE_INTEGER;
  const gateway = await startGateway(
    {
      ...{ listen: { port: 0 }, admin: false, log: false },
      upstreams: { books: { url: upstream.url, verify: "upstream" } },
      ...settings,
    },
    { notice: () => {}, authenticate: () => ({ id: "ana", expiresAtMs }) },
  );
  onTestFinished(() => gateway.close());
  await gateway.ready();
  expiresAtMs = Date.now() + 3000;
  const response = await listen(gateway.url);
  const messages: { readonly method?: string; readonly result?: object }[] = [];
  const change = () => server.tools.add(defineTool({ name: crypto.randomUUID(), call: () => "" }));
  for await (const message of eventsOf(response)) {
    messages.push(message);
    // Goes on with changes until the end, so that one would be written after it.
    change();
  }
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
  expect(messages[0]?.method).toBe("notifications/subscriptions/acknowledged");
  expect(messages.at(-1)?.result).toMatchObject({ resultType: "complete" });
});

function listen(url: string): Promise<Response> {
  const params = { notifications: { toolsListChanged: true }, _meta };
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "subscriptions/listen",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen", params }),
  });
}

/** Yields the messages of an event stream. */
async function* eventsOf(response: Response) {
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: ?(.+)$/m.exec(event)?.[1];
      if (data !== undefined) yield JSON.parse(data);
    }
  }
}
