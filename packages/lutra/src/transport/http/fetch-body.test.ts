/** Bodies that were read before `createFetchHandler` is called. */
import { expect, it } from "vitest";
import { createFetchHandler } from "./fetch-handler.ts";
import { requestOfAdapter } from "./fixtures/run-handler.ts";

const text = "body: it was read before; pass an unread request.clone()";

it.each([
  ["a request", (url: string, init: RequestInit) => new Request(url, init), {}],
  ["a request of an adapter", requestOfAdapter, {}],
  [
    "a request with a length",
    (url: string, init: RequestInit) => new Request(url, init),
    { "content-length": "2" },
  ],
])("answers 500 to %s whose body was read, and reports it", async (_what, create, headers) => {
  const reported: unknown[] = [];
  const onError = (error: unknown) => void reported.push(error);
  const serve = () => Promise.reject(new Error("unused"));
  const handler = createFetchHandler({ serve }, { onError });
  const request = create("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{}",
  });
  await request.text();
  const response = await handler(request);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    jsonrpc: "2.0",
    error: { code: -32603, message: text },
  });
  expect(reported).toMatchObject([{ message: text }]);
});
