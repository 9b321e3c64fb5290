import { describe, expect, it } from "vitest";
import { TransportError } from "../protocol/transport-error.ts";
import { complete, peerError, type Script, scripted } from "./fixtures/scripted-server.ts";

/** Breaks the connection of the first request of a method. */
function breaking(method: string, error: unknown = new TransportError("closed", "gone")): Script {
  let isBroken = false;
  return (request) => {
    if (request.method !== method || isBroken) return undefined;
    isBroken = true;
    throw error;
  };
}

const annotated = (annotations: object): Script => {
  const broken = breaking("tools/call");
  return (request, context, count) =>
    request.method === "tools/list"
      ? { tools: [{ name: "look", inputSchema: { type: "object" }, annotations }] }
      : broken(request, context, count);
};

describe("a request whose connection broke", () => {
  it.each([
    ["resources/read", "readResource"],
    ["prompts/get", "getPrompt"],
  ] as const)("is sent again with a new id where that does no harm: %s", async (method, call) => {
    const { client, requests } = scripted(breaking(method));
    await (client[call] as (name: string) => Promise<unknown>)("x");
    const [first, second] = requests;
    expect(second).toEqual({ ...first, id: second?.id });
    expect(second?.id).not.toBe(first?.id);
  });

  it("is sent again once", async () => {
    const { client, requests } = scripted(() => {
      throw new TransportError("closed", "gone");
    });
    await expect(client.readResource("x")).rejects.toMatchObject({ reason: "closed" });
    expect(requests).toHaveLength(2);
  });

  it("is not sent again when a second execution may do harm", async () => {
    const { client, requests } = scripted(breaking("tools/call"));
    await expect(client.callTool("pay")).rejects.toMatchObject({ reason: "closed" });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ["reads only", { readOnlyHint: true }],
    ["is idempotent", { idempotentHint: true }],
  ])("is sent again for a trusted tool that %s", async (_what, annotations) => {
    const { client } = scripted(annotated(annotations), { trustAnnotations: true });
    await client.listTools();
    expect(await client.callTool("look")).toEqual(complete);
  });

  it("is not sent again because of annotations that are not trusted", async () => {
    const { client } = scripted(annotated({ readOnlyHint: true }));
    await client.listTools();
    await expect(client.callTool("look")).rejects.toMatchObject({ reason: "closed" });
  });

  it("is not sent again for a trusted tool without annotations", async () => {
    const { client } = scripted(annotated({ title: "Look" }), { trustAnnotations: true });
    await client.listTools();
    await expect(client.callTool("look")).rejects.toMatchObject({ reason: "closed" });
  });
});

it.each([
  ["the server's refusal", peerError(-32603)],
  ["an HTTP error", new TransportError("http", "bad gateway", { status: 502 })],
  ["a malformed response", new TransportError("malformed", "no JSON")],
])("%s does not count as a broken connection", async (_what, error) => {
  const { client, requests } = scripted(breaking("resources/read", error));
  await expect(client.readResource("x")).rejects.toBe(error);
  expect(requests).toHaveLength(1);
});
