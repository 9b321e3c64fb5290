/** The recipe for AWS Lambda, with events of function URLs (payload format 2.0). */
import { readFileSync } from "node:fs";
import { createClient } from "lutra/client";
import { expect, it } from "vitest";
import { createFixture } from "../e2e/server.ts";
import { expectSum, writeRecipe } from "./recipe.ts";

interface LambdaResult {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

type Handler = (event: object) => Promise<LambdaResult>;

const recorded = JSON.parse(
  readFileSync(new URL("fixtures/function-url.json", import.meta.url), "utf8"),
);

async function load(change?: (text: string) => string): Promise<Handler> {
  const { handler } = await import(writeRecipe("lambda.ts", change));
  return handler;
}

/** Calls a handler as a function URL does. */
async function call(handler: Handler, request: Request, change: object = {}): Promise<Response> {
  const text = await request.text();
  const event = {
    ...recorded,
    headers: { ...recorded.headers, ...Object.fromEntries(request.headers) },
    requestContext: {
      ...recorded.requestContext,
      http: { ...recorded.requestContext.http, method: request.method },
    },
    ...(text !== "" && { body: text }),
    ...change,
  };
  const { statusCode, headers, body } = await handler(event);
  return new Response(body, { status: statusCode, headers });
}

const url = `https://${recorded.requestContext.domainName}/mcp`;

it("answers an event", async () => {
  const handler = await load();
  await expectSum(url, (request) => call(handler, request));
});

it("decodes a body in Base64", async () => {
  const handler = await load();
  await expectSum(url, async (request) => {
    const body = Buffer.from(await request.clone().text()).toString("base64");
    return call(handler, request, { body, isBase64Encoded: true });
  });
});

it("passes cookies, which events have apart from the headers", async () => {
  const authenticate = `(header) => header("cookie") === "a=1; b=2" ? { id: "ada" } : undefined`;
  const handler = await load((text) =>
    text.replace("Handler(server)", `Handler(server, { authenticate: ${authenticate} })`),
  );
  const cookies = ["a=1", "b=2"];
  await expectSum(url, (request) => call(handler, request, { cookies }));
  const { statusCode } = await handler(recorded);
  expect(statusCode).toBe(401);
});

it("answers an event without a body", async () => {
  const handler = await load();
  const { body: _, ...event } = recorded;
  const http = { ...event.requestContext.http, method: "GET" };
  const answer = await handler({ ...event, requestContext: { ...event.requestContext, http } });
  expect(answer).toEqual({ statusCode: 405, headers: { allow: "POST" }, body: "" });
});

it("returns notifications together with the result", async () => {
  const fixture = createFixture();
  Object.assign(globalThis, { fixture });
  const handler = await load((text) =>
    text.replace("Handler(server)", "Handler(globalThis.fixture)"),
  );
  const client = createClient<typeof fixture>(url, {
    fetch: (input, init) => call(handler, new Request(input, init)),
  });
  const progress: number[] = [];
  const onProgress = (params: { readonly progress: number }) => void progress.push(params.progress);
  await client.callTool("count", { to: 3 }, { onProgress });
  expect(progress).toEqual([1, 2, 3]);
  await client.close();
});
