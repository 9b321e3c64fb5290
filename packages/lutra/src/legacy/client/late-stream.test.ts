/** Standalone streams whose head a server or a proxy sends late. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Client, createClient } from "../../client/index.ts";
import { type LegacyEndpoint, legacyEndpoint } from "./fixtures/legacy-endpoint.ts";
import { createOldServer } from "./fixtures/old-server.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

const patient = { timeout: 15_000 };
const filter = { resourceSubscriptions: ["memo://a"] };
let endpoint: LegacyEndpoint;
let client: Client;
let warnings: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  warnings = [];
  endpoint = legacyEndpoint(createOldServer());
  client = createClient(endpoint.url, {
    fetch: endpoint.fetch,
    verdicts: createMemoryVerdicts(),
    onElicit: () => ({ action: "decline" }),
    onWarning: (warning) => void warnings.push(warning),
  });
});

afterEach(async () => {
  vi.useRealTimers();
  await client.close();
});

/** Delays the response to the next GET. Returns the function that lets it through, or another one. */
function delayStream(): (other?: Response) => void {
  let release: (other?: Response) => void = () => {};
  const released = new Promise<Response | undefined>((resolve) => {
    release = resolve;
  });
  endpoint.intercept.set(
    "GET",
    async (request) => (await released) ?? endpoint.fetch(request.url, request),
  );
  return release;
}

/** Lets the time pass in which the client waits for the response. */
async function untilSilent(): Promise<void> {
  await vi.waitFor(() => expect(endpoint.seen).toContain("GET"), patient);
  await vi.advanceTimersByTimeAsync(5000);
}

it("counts as open after 5 s, and delivers once it is there", async () => {
  const release = delayStream();
  const listening = client.listen(filter);
  await untilSilent();
  const subscription = await listening;
  expect(subscription.acknowledged).toEqual(filter);
  const next = subscription[Symbol.asyncIterator]().next();
  release();
  await vi.waitFor(async () => {
    await client.callTool("touch");
    expect(await Promise.race([next, undefined])).toMatchObject({
      value: { params: { uri: "memo://a" } },
    });
  }, patient);
  subscription.close();
});

it("delays the first call only", async () => {
  const release = delayStream();
  const first = client.callTool("touch");
  await untilSilent();
  await first;
  expect(await client.callTool("touch")).toMatchObject({ content: [{ text: "touched" }] });
  expect(endpoint.seen.filter((name) => name === "GET")).toHaveLength(1);
  release();
});

it("ends subscriptions when the server has no stream after all", async () => {
  const release = delayStream();
  const listening = client.listen(filter);
  await untilSilent();
  const subscription = await listening;
  endpoint.intercept.set("GET", () => new Response(null, { status: 405 }));
  release(new Response(null, { status: 405 }));
  await vi.waitFor(() => expect(subscription.acknowledged).toEqual({}), patient);
  expect(warnings).toEqual([
    expect.stringContaining("interrupted"),
    expect.stringContaining("declined"),
  ]);
  subscription.close();
});
