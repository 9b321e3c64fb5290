/**
 * The official client 2.4.0 against our server, over HTTP and stdio. What it sees must be what the
 * specification promises, in its own words: its errors, its handlers, its cache.
 */
import type { CallToolResult, ClientOptions } from "@modelcontextprotocol/client";
import { serveHttp } from "lutra/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLutra } from "../e2e/lutra-command.ts";
import { createFixture } from "../e2e/server.ts";
import { testInputs } from "./official-client/inputs.ts";
import type { Connected, Meeting, Place } from "./official-client/meeting.ts";
import { connectOfficial, modes } from "./official-client/meeting.ts";
import { testPrompts } from "./official-client/prompts.ts";
import { testResources } from "./official-client/resources.ts";
import { testSubscriptions } from "./official-client/subscriptions.ts";
import { testTools } from "./official-client/tools.ts";

const module = "test/e2e/server.ts";

/** All that a client of these tests may declare. */
const everything = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

const combinations = [
  ...modes.map((mode) => ["http", mode] as const),
  ...modes.map((mode) => ["stdio", mode] as const),
  ["fleet", "auto"] as const,
];

describe.each(combinations)("the official client over %s, version mode %j", (place, mode) => {
  const close: (() => Promise<unknown>)[] = [];
  let where: Place;
  let shared: Connected;

  beforeAll(async () => {
    where = await open();
    shared = await connect({ capabilities: everything });
  });

  afterAll(async () => {
    for (const end of close.reverse()) await end();
  });

  async function open(): Promise<Place> {
    if (place === "stdio") return { module };
    const endpoint =
      place === "http"
        ? await serveHttp(createFixture(), { port: 0 })
        : await startLutra("up", module, "--port", "0");
    close.push(endpoint.close);
    return { url: endpoint.url };
  }

  async function connect(options: ClientOptions): Promise<Connected> {
    const connected = await connectOfficial(where, mode, options);
    close.push(() => connected.client.close());
    return connected;
  }

  async function call(name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> {
    return await shared.client.callTool({ name, arguments: args });
  }

  it("finds the modern era and who serves", () => {
    const { client } = shared;
    expect(client.getProtocolEra()).toBe("modern");
    expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
    expect(client.getServerVersion()).toMatchObject({ name: "fixture", version: "1.2.3" });
    expect(client.getInstructions()).toBe("Ask for anything.");
    expect(client.getServerCapabilities()).toEqual({
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    });
  });

  const meeting: Meeting = {
    place,
    mode,
    get shared() {
      return shared;
    },
    connect,
    call,
  };
  testTools(meeting);
  testResources(meeting);
  testPrompts(meeting);
  testInputs(meeting);
  testSubscriptions(meeting);
});
