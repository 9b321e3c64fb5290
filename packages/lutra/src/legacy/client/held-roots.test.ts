/** Requests for roots that arrive while no call is in flight that may be asked. */
import { expect, it } from "vitest";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import type { AnswerRequest } from "../../transport/era.ts";
import type { LinkListener } from "./link.ts";
import { LegacyTransport } from "./transport.ts";

const roots = [{ uri: "file:///a", name: "a" }];

/** Starts a server that asks for roots when the session opens, and answers calls with them. */
function start(answer?: AnswerRequest) {
  const sent: JSONObject[] = [];
  let listener: LinkListener | undefined;
  let call: unknown;
  const reply = (message: object) => listener?.onMessage({ jsonrpc: "2.0", ...message });
  const results: { readonly [method: string]: object } = {
    initialize: { protocolVersion: "2025-11-25", capabilities: { tools: {} } },
    "tools/list": { tools: [] },
  };
  const transport = new LegacyTransport(
    async (own) => {
      listener = own;
      return {
        send: async (message) => {
          sent.push(message);
          const { id, method, result } = message;
          const known = results[String(method)];
          if (known) reply({ id, result: known });
          if (method === "notifications/initialized") reply({ id: "asked", method: "roots/list" });
          if (method === "tools/call") call = id;
          if (id === "asked" && call !== undefined)
            reply({ id: call, result: { ...(result as object) } });
        },
        setVersion: () => {},
        openStream: async () => true,
        close: async () => {},
      };
    },
    { server: "old", answer },
  );
  return { transport, sent, withdraw: () => reply(withdrawal) };
}

const withdrawal = { method: "notifications/cancelled", params: { requestId: "asked" } };
const context: RequestContext = { signal: new AbortController().signal, notify: () => {} };
const _meta = { "io.modelcontextprotocol/clientCapabilities": { roots: {} } };
const request = (method: string, params: JSONObject = {}): JSONRPCRequest => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  params: { ...params, _meta },
});

it("wait for the first call whose caller may be asked", async () => {
  const { transport } = start();
  expect(await transport.serve(request("tools/list"), context)).toMatchObject({ tools: [] });
  const asked = await transport.serve(request("tools/call", { name: "x" }), context);
  expect(asked).toMatchObject({
    resultType: "input_required",
    inputRequests: { "input-1": { method: "roots/list" } },
  });
  const { requestState } = asked;
  const inputResponses = { "input-1": { roots } };
  const retry = request("tools/call", { name: "x", requestState, inputResponses } as JSONObject);
  expect(await transport.serve(retry, context)).toMatchObject({ resultType: "complete", roots });
  await transport.close();
});

it("are not given to a call once the server has cancelled them", async () => {
  const { transport, withdraw, sent } = start();
  await transport.serve(request("tools/list"), context);
  withdraw();
  void transport.serve(request("tools/call", { name: "x" }), context).catch(() => {});
  await expect.poll(() => sent.at(-1)?.method).toBe("tools/call");
  expect(sent.filter(({ id }) => id === "asked")).toEqual([]);
  await transport.close();
});

it("are answered at once where the client can", async () => {
  const { transport, sent } = start(async () => ({ roots }));
  await transport.serve(request("tools/list"), context);
  await expect.poll(() => sent.find(({ id }) => id === "asked")?.result).toEqual({ roots });
  await transport.close();
});
