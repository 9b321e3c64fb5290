import { describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import { legacyVersionsOf } from "../../protocol/versioning.ts";
import { createMemoryEventBus } from "../../stores/memory-event-bus.ts";
import { type LegacyEndpoint, LegacyHook, legacySupport } from "./legacy-hook.ts";
import { withDefaults } from "./rules.ts";

const serve = async () => ({});
const initialize = { jsonrpc: "2.0", id: 1, method: "initialize", params: {} };
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };

function create({ versions }: { versions?: readonly string[] } = {}, load = vi.fn()) {
  const support = { versions: legacyVersionsOf(versions), load };
  return new LegacyHook({ serve }, withDefaults({}), support);
}

function takes(hook: LegacyHook, headers: { readonly [name: string]: string }, body: unknown) {
  return hook.takes((name) => headers[name], body, "/mcp");
}

describe("basic/versioning#backward-compatibility-with-initialization-based-versions", () => {
  const [legacy, session] = [{ "mcp-protocol-version": "2025-06-18" }, { "mcp-session-id": "x" }];

  it.each<[string, { readonly [name: string]: string }, unknown, boolean]>([
    ["initialize", {}, initialize, true],
    ["initialize with the header of a legacy revision", legacy, initialize, true],
    ["a request with the header of a legacy revision", legacy, list, true],
    ["a request of a session", session, list, true],
    ["a batch of a session", session, [list], true],
    ["an answer in a session", session, { id: 1, result: {} }, true],
    ["an unknown version in a session", { ...session, "mcp-protocol-version": "x" }, list, true],
    ["a request without either", {}, list, false],
    ["the current version", { "mcp-protocol-version": "2026-07-28" }, list, false],
    [
      "the current version in initialize",
      { "mcp-protocol-version": "2026-07-28" },
      initialize,
      false,
    ],
    ["an unknown version", { "mcp-protocol-version": "x" }, list, false],
    ["protocol fields", {}, { ...list, params: { _meta } }, false],
    [
      "protocol fields in a session",
      { ...legacy, ...session },
      { ...list, params: { _meta } },
      false,
    ],
    ["protocol fields in initialize", {}, { ...initialize, params: { _meta } }, false],
    ["a value of another type", {}, 7, false],
    ["null", {}, null, false],
  ])("tells %s", (_what, headers, body, expected) => {
    expect(takes(create(), headers, body)).toBe(expected);
  });

  it("takes only the versions that are served", () => {
    const hook = create({ versions: ["2026-07-28", "2025-11-25"] });
    expect(takes(hook, legacy, list)).toBe(false);
    expect(takes(hook, { "mcp-protocol-version": "2025-11-25" }, list)).toBe(true);
  });

  it.each([
    ["GET", session, true],
    ["DELETE", session, true],
    ["GET", {}, false],
    ["PUT", session, false],
    [undefined, session, false],
  ] as const)("takes %s of a session: %j", (method, headers, expected) => {
    const named: { readonly [name: string]: string } = headers;
    expect(create().takesMethod(method, (name) => named[name])).toBe(expected);
  });

  it("does not exist for a handler of the current revision only", () => {
    expect(legacySupport({ versions: ["2026-07-28"] }, vi.fn())).toBeUndefined();
    expect(legacySupport({}, vi.fn())?.versions).toContain("2025-11-25");
  });
});

describe("the code for legacy clients", () => {
  const rules = withDefaults({});

  function createLoading() {
    const events = createMemoryEventBus();
    const received: JSONObject[] = [];
    const endpoint = { receive: (event: JSONObject) => void received.push(event) };
    const load = vi.fn(async () => ({
      createLegacyEndpoint: () => endpoint as unknown as LegacyEndpoint,
    }));
    const versions = legacyVersionsOf();
    const hook = new LegacyHook({ serve, sessions: { events } }, rules, { versions, load });
    return { events, received, load, hook };
  }

  it("is loaded once, and not before it is needed", async () => {
    const { hook, load } = createLoading();
    expect(load).not.toHaveBeenCalled();
    await Promise.all([hook.endpoint(), hook.endpoint()]);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it("is loaded with the first event of another replica, and gets all of them once", async () => {
    const { events, received, hook } = createLoading();
    events.publish("lutra.legacy", { number: 1 });
    events.publish("lutra.legacy", { number: 2 });
    await hook.endpoint();
    events.publish("lutra.legacy", { number: 3 });
    expect(received).toEqual([{ number: 1 }, { number: 2 }]);
  });
});
