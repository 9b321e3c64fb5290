import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createNodeEndpoint, httpRules } from "lutra/internal";
import { type Principal, ProtocolError } from "lutra/protocol";
import { afterEach, expect, it, vi } from "vitest";
import { ResponseBudget } from "./delivery/response-budget.ts";
import { EndpointTable, type HandlerSettings } from "./endpoint-table.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { RequestHandler } from "./handler.ts";
import { createPeers } from "./head/peers.ts";
import { denied } from "./refuse.ts";
import { systemClock } from "./replicas/clock.ts";
import type { Action } from "./routes/action.ts";
import { compileRoutes } from "./routes/routes.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Settings with one route, which all requests take. */
function settings(action: Action): HandlerSettings {
  return {
    hosts: [],
    path: "/",
    endpoint: createNodeEndpoint(httpRules({})),
    peers: createPeers([]),
    responses: new ResponseBudget({ maxBytes: 1e9, waitMs: 1 }, systemClock),
    plan: {
      methods: new Map(),
      hasParamRules: false,
      routes: compileRoutes([{ to: "a", cache: true }]),
      actions: [() => action],
      parts: { merges: new Map(), relays: new Map() },
      close: async () => {},
    },
  };
}

/** A denial by the only route. */
const denying = (reason: string): Action => ({
  kind: "refuse",
  error: denied(reason),
  denial: { index: 0, reason },
});

async function listen() {
  const records: ExchangeRecord[] = [];
  const handler = new RequestHandler((record) => records.push(record));
  const server = createServer(handler.handle);
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = async (message: object = { id: 7, method: "tools/list" }) => {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  return { handler, records, post };
}

it("refuses requests with 503 until it has settings", async () => {
  const { handler, records, post } = await listen();
  const early = await post();
  expect(early).toMatchObject({ status: 503, body: { id: 7, error: { code: -32603 } } });
  expect(early.headers.get("retry-after")).toBe("1");
  handler.use(new EndpointTable([settings(denying("closed today"))]));
  const late = await post();
  expect(late).toMatchObject({ status: 403, body: { id: 7, error: { message: "closed today" } } });
  await expect.poll(() => records).toMatchObject([{ route: 0, reason: "deny", code: -32600 }]);
});

it("records the error of a request that it serves", async () => {
  const { handler, records, post } = await listen();
  const serve = async () => {
    throw new TypeError("hidden");
  };
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const endpoint = createNodeEndpoint(httpRules({ onError }));
  handler.use(new EndpointTable([{ ...settings({ kind: "serve", serve }), endpoint }]));
  expect(await post()).toMatchObject({ status: 200, body: { id: 7, error: { code: -32603 } } });
  await expect.poll(() => records).toMatchObject([{ route: 0, code: -32603 }]);
  expect(errors).toMatchObject([{ message: "hidden" }]);
});

it("refuses a notification that it would read and not forward", async () => {
  const { handler, records, post } = await listen();
  const serve = async () => ({ resultType: "complete" });
  handler.use(new EndpointTable([settings({ kind: "serve", serve })]));
  const method = "notifications/com.example/moved";
  const message = `${method}: this route of the gateway forwards requests and no notifications`;
  const answer = await post({ method });
  expect(answer).toMatchObject({ status: 400, body: { error: { code: -32600, message } } });
  expect(answer.body).not.toHaveProperty("id");
  await expect.poll(() => records).toMatchObject([{ code: -32600 }]);
});

it("routes by the settings that are in force after authentication", async () => {
  let authenticated = (_principal: Principal) => {};
  let called = () => {};
  const isCalled = new Promise<void>((resolve) => {
    called = resolve;
  });
  const identify = () => {
    called();
    return new Promise<Principal>((resolve) => {
      authenticated = resolve;
    });
  };
  const { handler, records, post } = await listen();
  const callers = { identify, forwardsCredentials: false };
  handler.use(new EndpointTable([{ ...settings(denying("before")), callers }]));
  const posted = post();
  await isCalled;
  handler.use(new EndpointTable([settings(denying("after"))]));
  authenticated({ id: "ana" });
  expect(await posted).toMatchObject({ status: 403, body: { error: { message: "after" } } });
  await expect.poll(() => records).toMatchObject([{ principal: "ana" }]);
});

it.each([
  ["a challenge that is not a header", { challenge: 'Bearer error="\u4f60"' }],
  ["a status that is none", { status: 99_999 }],
])("closes the connection, and goes on, for an error with %s", async (_what, options) => {
  const { handler, post } = await listen();
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const error = new ProtocolError("invalidRequest", "no", options);
  handler.use(new EndpointTable([settings({ kind: "refuse", error })]));
  await expect(post()).rejects.toThrow();
  expect(printed).toHaveBeenCalledOnce();
  printed.mockRestore();
  handler.use(new EndpointTable([settings(denying("closed today"))]));
  expect(await post()).toMatchObject({ status: 403 });
});
