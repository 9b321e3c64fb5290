import { type JSONObject, type JSONRPCRequest, ProtocolError, type Result } from "lutra/protocol";
import { createSealer, randomKeys } from "lutra/server";
import { expect, it } from "vitest";
import { contextOf, requestOf } from "../merge/fixtures/upstreams.ts";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { type UpstreamSession, UpstreamSessions } from "./upstream-sessions.ts";

/** Creates sessions that answer with their number, and ask when the tool is `ask`. */
function create({ hasListHints = false, keys = randomKeys() } = {}) {
  const sealer = createSealer(keys);
  const received: JSONRPCRequest[] = [];
  let count = 0;
  const createSession = (): UpstreamSession => {
    count += 1;
    const session = count;
    return {
      open: async () => {},
      close: async () => {},
      serve: async (request): Promise<Result> => {
        received.push(request);
        const { name, requestState } = request.params ?? {};
        if (name === "fail")
          throw new ProtocolError("invalidParams", "params.x: expected a string");
        const isAsking = name === "ask" && requestState === undefined;
        if (isAsking) return { resultType: "input_required", requestState: `state-${session}` };
        return { resultType: "complete", session, ttlMs: 0, cacheScope: "private", ...discovered };
      },
    };
  };
  const sessions = new UpstreamSessions({
    name: "old",
    clock: createManualTime(),
    idleMs: 60_000,
    inputWaitMs: 600_000,
    max: 10,
    parking: { sealer: () => sealer },
    hasListHints,
    create: createSession,
  });
  const serve = (request: JSONRPCRequest, principal?: string) =>
    sessions.serve({ request, context: contextOf(principal), place: undefined, sending: () => {} });
  return { serve, received };
}

const discovered = { supportedVersions: ["2025-11-25"], capabilities: { tools: {}, tasks: {} } };
const call = (name: string, params: JSONObject = {}, capabilities = {}) =>
  requestOf("tools/call", { name, ...params }, capabilities);

it("gives each principal, and each set of capabilities, a session of its own", async () => {
  const { serve } = create();
  const sessionOf = async (principal: string | undefined, capabilities = {}) =>
    (await serve(call("x", {}, capabilities), principal)).session;
  const first = await sessionOf("ana");
  expect(await sessionOf("ana")).toBe(first);
  const others = [
    await sessionOf("bob"),
    await sessionOf(undefined),
    await sessionOf("ana", { elicitation: {} }),
  ];
  expect(new Set([first, ...others]).size).toBe(4);
  // Members that no server of an earlier revision knows make no difference.
  expect(await sessionOf("ana", { experimental: { x: {} }, extensions: {} })).toBe(first);
});

it("continues a call in its session, with the state of the session", async () => {
  const { serve, received } = create();
  const { requestState } = await serve(call("ask"), "ana");
  expect(requestState).not.toContain("state-1");
  const answered = await serve(call("ask", { requestState } as JSONObject), "ana");
  expect(answered).toMatchObject({ resultType: "complete", session: 1 });
  expect(received.at(-1)?.params?.requestState).toBe("state-1");
});

it.each([
  ["another principal", {}, "bob"],
  ["no principal", {}, undefined],
  ["another tool", { name: "x" }, "ana"],
  ["other arguments", { arguments: { a: 1 } }, "ana"],
] as const)(
  "refuses state that is sent with %s, and the call goes on",
  async (_what, more, who) => {
    const { serve } = create();
    const { requestState } = await serve(call("ask"), "ana");
    const retry = { requestState, ...more } as JSONObject;
    await expect(serve(call("ask", retry), who)).rejects.toMatchObject({
      message: "params.requestState: not valid for this request",
    });
    expect(await serve(call("ask", { requestState } as JSONObject), "ana")).toMatchObject({
      session: 1,
    });
  },
);

it.each([1, "", "a.b", null])("refuses %j as state", async (requestState) => {
  const { serve } = create();
  await expect(serve(call("ask", { requestState } as JSONObject))).rejects.toMatchObject({
    code: -32602,
  });
});

it("says that the call may have run when another process has sealed the state", async () => {
  const keys = randomKeys();
  const { requestState } = await create({ keys }).serve(call("ask"));
  await expect(
    create({ keys }).serve(call("ask", { requestState } as JSONObject)),
  ).rejects.toMatchObject({ message: expect.stringContaining("may have been executed") });
});

it("discovers a server of the current revision, without the tasks of an earlier one", async () => {
  const { serve } = create();
  expect(await serve(requestOf("server/discover"))).toMatchObject({
    supportedVersions: ["2026-07-28"],
    capabilities: { tools: {} },
    ttlMs: 0,
  });
  const { capabilities } = await serve(requestOf("server/discover"));
  expect(capabilities).not.toHaveProperty("tasks");
});

it("leaves the hints of lists to the configuration, if it has some", async () => {
  const list = requestOf("tools/list");
  expect(await create().serve(list)).toMatchObject({ ttlMs: 0, cacheScope: "private" });
  const unhinted = create({ hasListHints: true });
  expect(await unhinted.serve(list)).not.toHaveProperty("ttlMs");
  const read = requestOf("resources/read", { uri: "memo://a" });
  expect(await unhinted.serve(read)).toMatchObject({ ttlMs: 0, cacheScope: "private" });
});

it("passes on errors", async () => {
  const { serve } = create();
  await expect(serve(call("fail"))).rejects.toMatchObject({ code: -32602 });
});
