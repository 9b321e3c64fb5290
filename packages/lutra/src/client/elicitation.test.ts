import { describe, expect, it, vi } from "vitest";
import { ask, asking, name, roots, sample, url } from "./fixtures/input-requests.ts";
import { scripted } from "./fixtures/scripted-server.ts";
import type { ClientOptions } from "./index.ts";

describe("an elicitation handler", () => {
  it("gets the server, the request and the form's defaults", async () => {
    const onElicit = vi.fn((_params, info) => {
      expect(info.validate({})).toMatch(/name/);
      expect(info.validate({ name: "Bo", age: -1 })).toMatch(/age/);
      expect(info.validate({ name: "Bo" })).toBeUndefined();
      return { action: "accept" as const, content: info.defaults };
    });
    const { client } = scripted(asking(ask({ who: name })), { onElicit });
    await client.callTool("greet");
    expect(onElicit.mock.calls[0]).toMatchObject([
      name.params,
      { server: "in memory", method: "tools/call", name: "greet", key: "who", round: 1 },
    ]);
    expect(onElicit.mock.results[0]?.value.content).toEqual({ name: "Ada" });
  });

  it.each([
    ["decline", { action: "decline" }],
    ["cancel", { action: "cancel", content: { name: "kept to oneself" } }],
  ] as const)("may %s, and then no content is sent", async (action, answer) => {
    const { client, requests } = scripted(asking(ask({ a: name })), { onElicit: () => answer });
    await client.callTool("greet");
    expect(requests[1]?.params?.inputResponses).toEqual({ a: { action } });
  });

  it("accepts a URL without content, and the client does not open the URL", async () => {
    const { client, requests } = scripted(asking(ask({ a: url })), {
      onElicit: () => ({ action: "accept", content: { secret: "x" } }),
      elicitation: { url: {} },
    });
    await client.callTool("greet");
    expect(requests[1]?.params?.inputResponses).toEqual({ a: { action: "accept" } });
  });

  it.each([
    ["an unknown action", { onElicit: () => ({ action: "yes" }) }, { a: name }],
    ["content that does not fit", { onElicit: () => ({ action: "accept" }) }, { a: name }],
    ["a message without a model", { onSample: () => ({ role: "user" }) }, { a: sample }],
    ["a root that is not a file", { onRoots: () => [{ uri: "https://x" }] }, { a: roots }],
  ])("rejects the call with a TypeError when it answers with %s", async (_what, handler, asked) => {
    const { client, requests } = scripted(asking(ask(asked)), handler as unknown as ClientOptions);
    await expect(client.callTool("greet")).rejects.toThrow(TypeError);
    expect(requests).toHaveLength(1);
  });

  it("aborts the other handlers when it fails", async () => {
    const ended: unknown[] = [];
    const { client } = scripted(asking(ask({ a: name, b: roots })), {
      onElicit: () => {
        throw new Error("the window is gone");
      },
      onRoots: ({ signal }) =>
        new Promise(() => signal.addEventListener("abort", () => ended.push(signal.reason))),
    });
    await expect(client.callTool("greet")).rejects.toThrow("the window is gone");
    expect(ended).toHaveLength(1);
  });

  it("does not delay a request that was cancelled", async () => {
    const controller = new AbortController();
    const { client } = scripted(asking(ask({ a: name })), {
      onElicit: () => {
        controller.abort("enough");
        return new Promise(() => {});
      },
    });
    await expect(client.callTool("greet", {}, { signal: controller.signal })).rejects.toMatchObject(
      { reason: "aborted", cause: "enough" },
    );
  });
});
