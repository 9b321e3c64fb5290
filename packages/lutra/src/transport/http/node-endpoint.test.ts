import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Serve } from "../../protocol/exchange.ts";
import { createNodeEndpoint, serveScreened } from "./node-endpoint.ts";
import { headerReader } from "./node-screening.ts";
import { withDefaults } from "./rules.ts";

const serve: Serve = async ({ method }, { principal }) => {
  if (method === "fails") throw new ProtocolError("invalidParams", "no");
  return { resultType: "complete", who: principal?.id };
};

let http: Server;
let url: string;
/** The value that the last call of `serveScreened` resolved to. */
let returned: Promise<ProtocolError | undefined>;

beforeAll(async () => {
  const endpoint = createNodeEndpoint(withDefaults({ maxBodyBytes: 100 }));
  http = createServer((req, res) => {
    const cors = { "x-screened": "before" };
    const authenticate = () => ({ id: "ana" });
    const screened = { req, res, header: headerReader(req), cors, authenticate };
    returned = serveScreened(screened, endpoint, serve);
  });
  await once(http.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(() => {
  http.closeAllConnections();
  http.close();
});

const post = (message: unknown) =>
  fetch(url, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", ...(message as object) }) });

it("serves a screened request for its caller and returns no error", async () => {
  // The media type was not screened, so this one passes.
  const response = await post({ id: 1, method: "works" });
  expect(response.headers.get("x-screened")).toBe("before");
  expect(await response.json()).toMatchObject({ id: 1, result: { who: "ana" } });
  expect(await returned).toBeUndefined();
});

it("returns the error of the response when serving fails", async () => {
  const response = await post({ id: 2, method: "fails" });
  expect(await response.json()).toMatchObject({ id: 2, error: { code: -32602 } });
  expect(await returned).toMatchObject({ code: -32602, message: "no" });
});

it("returns the error of the response when the message is invalid", async () => {
  expect((await post({ id: 3 })).status).toBe(400);
  expect(await returned).toMatchObject({ code: -32600 });
});

it("returns the error of the response when the body is above the limit", async () => {
  expect((await post({ id: 4, method: "x".repeat(200) })).status).toBe(413);
  expect(await returned).toMatchObject({ code: -32600, message: "body: more than 100 bytes" });
});

it("accepts a notification and returns no error", async () => {
  expect((await post({ method: "notifications/cancelled" })).status).toBe(202);
  expect(await returned).toBeUndefined();
});
