import { ProtocolError, type Serve } from "lutra/protocol";
import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";

const challenge = 'Bearer resource_metadata="https://a.example/.well-known"';

/** A server that sends its lists to requests with a token, and refuses others with `status`. */
function guarded(name: string, status = 401) {
  const serve: Serve = async ({ method }, { header }) => {
    if (header?.("authorization") !== "Bearer good") {
      throw new ProtocolError("invalidRequest", "Sign in", { status, challenge });
    }
    const lists = ["prompts", "resources", "resourceTemplates"].map((list) => [list, []]);
    const tools = [{ name: `${name}-tool`, inputSchema: { type: "object" } }];
    const hints = { ttlMs: 0, cacheScope: "private" };
    if (method === "tools/call") return { resultType: "complete", content: [] };
    return { resultType: "complete", ...Object.fromEntries(lists), tools, ...hints };
  };
  return fakeUpstream(name, { serve });
}

const withToken = (token?: string) =>
  contextOf(undefined, {
    header: (name) => (name === "authorization" ? token && `Bearer ${token}` : undefined),
  });

describe("an upstream that requires credentials for its lists", () => {
  it.each([
    ["a call of a tool", requestOf("tools/call", { name: "a-tool" })],
    ["a prompt", requestOf("prompts/get", { name: "p" })],
    ["a resource", requestOf("resources/read", { uri: "file:///a" })],
    [
      "a completion",
      requestOf("completion/complete", {
        ref: { type: "ref/resource", uri: "file:///{a}" },
        argument: { name: "a", value: "" },
      }),
    ],
  ])("sends its challenge in answer to %s", async (_what, request) => {
    const merge = mergeOf([guarded("a"), guarded("b")]);
    const refusal = { reason: "invalidRequest", status: 401, challenge };
    await expect(merge.serve(request, withToken())).rejects.toMatchObject(refusal);
    // The answer is the same while the lists are not read again.
    await expect(merge.serve(request, withToken())).rejects.toMatchObject(refusal);
  });

  it("sends a 403, and no refusal to a request with valid credentials", async () => {
    const clock = createManualClock();
    const merge = mergeOf([guarded("a", 403)], { now: clock.now });
    const call = requestOf("tools/call", { name: "a-tool" });
    await expect(merge.serve(call, withToken("bad"))).rejects.toMatchObject({
      status: 403,
      challenge,
    });
    expect(await merge.serve(call, withToken("good"))).toMatchObject({ resultType: "complete" });
  });

  it("prefers the challenge to the error of an unreachable upstream", async () => {
    const unreachable = guarded("a");
    unreachable.isDown = true;
    const merge = mergeOf([unreachable, guarded("b")]);
    const call = requestOf("tools/call", { name: "b-tool" });
    await expect(merge.serve(call, withToken())).rejects.toMatchObject({ status: 401, challenge });
  });

  it("drops the challenge after a later failure", async () => {
    const clock = createManualClock();
    const upstream = guarded("a");
    const merge = mergeOf([upstream], { now: clock.now });
    const call = requestOf("tools/call", { name: "a-tool" });
    await expect(merge.serve(call, withToken())).rejects.toMatchObject({ status: 401 });
    upstream.isDown = true;
    clock.advance(1000);
    await expect(merge.serve(call, withToken())).rejects.toMatchObject({ status: 503 });
  });
});
