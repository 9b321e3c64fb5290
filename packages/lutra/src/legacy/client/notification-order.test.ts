/** Notifications of a legacy server that arrive while their call waits for input of its caller. */
import { expect, it } from "vitest";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { LinkListener } from "./link.ts";
import { LegacyTransport } from "./transport.ts";

const _meta = {
  "io.modelcontextprotocol/clientCapabilities": { roots: {} },
  "io.modelcontextprotocol/logLevel": "info",
};

/** Starts a server that asks for roots in the middle of a call, whose progress goes on. */
async function startCall() {
  let listener: LinkListener | undefined;
  let call: unknown;
  const reply = (message: object) => listener?.onMessage({ jsonrpc: "2.0", ...message });
  const transport = new LegacyTransport(
    async (own) => {
      listener = own;
      return {
        send: async ({ id, method }) => {
          const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} } };
          if (method === "initialize") reply({ id, result });
          if (method !== "tools/call") return;
          call = id;
          progress(1);
          reply({ id: "asked", method: "roots/list" });
        },
        setVersion: () => {},
        openStream: async () => true,
        close: async () => {},
      };
    },
    { server: "old" },
  );
  const progress = (value: number) =>
    reply({
      method: "notifications/progress",
      params: { progressToken: call as number, progress: value },
    });
  const log = (data: string) =>
    reply({ method: "notifications/message", params: { level: "info", data } });
  const answer = () => reply({ id: call, result: { content: [] } });

  const seen: unknown[] = [];
  const notify = ({ params }: JSONRPCNotification) =>
    void seen.push([params?.progressToken, params?.progress ?? params?.data]);
  const context: RequestContext = { signal: new AbortController().signal, notify };
  const send = (token: string, params: JSONObject = {}) => {
    const meta = { ..._meta, progressToken: token };
    const request = { name: "x", ...params, _meta: meta } as JSONRPCRequest["params"];
    return transport.serve(
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: request },
      context,
    );
  };
  const { requestState } = await send("first");
  const retry = () =>
    send("second", { requestState, inputResponses: { "input-1": { roots: [] } } } as JSONObject);
  return { transport, progress, log, answer, seen, retry };
}

it("are delivered with the retry, before the result, and with its progress token", async () => {
  const { transport, progress, log, answer, seen, retry } = await startCall();
  progress(2);
  log("working");
  progress(3);
  answer();
  expect(seen).toEqual([["first", 1]]);
  expect(await retry()).toMatchObject({ resultType: "complete" });
  expect(seen).toEqual([
    ["first", 1],
    ["second", 2],
    [undefined, "working"],
    ["second", 3],
  ]);
  await transport.close();
});

it("are kept in a limited number, the latest ones", async () => {
  const { transport, progress, answer, seen, retry } = await startCall();
  for (let value = 2; value <= 500; value += 1) progress(value);
  answer();
  await retry();
  expect(seen).toHaveLength(101);
  expect(seen.slice(-2)).toEqual([
    ["second", 499],
    ["second", 500],
  ]);
  await transport.close();
});

it("are kept in a limited size, the latest ones", async () => {
  const { transport, log, answer, seen, retry } = await startCall();
  log("a".repeat(60_000));
  log("b".repeat(60_000));
  answer();
  await retry();
  expect(seen.slice(1)).toEqual([[undefined, "b".repeat(60_000)]]);
  await transport.close();
});

it("follow those that were kept, once the caller has sent its retry", async () => {
  const { transport, progress, answer, seen, retry } = await startCall();
  progress(2);
  const result = retry();
  await expect.poll(() => seen.length).toBe(2);
  progress(3);
  answer();
  await result;
  expect(seen.map((one) => (one as unknown[])[1])).toEqual([1, 2, 3]);
  await transport.close();
});
