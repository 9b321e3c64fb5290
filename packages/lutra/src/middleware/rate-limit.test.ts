import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { complete } from "../protocol/completion.ts";
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { readResource } from "../protocol/resources.ts";
import { callTool } from "../protocol/tools.ts";
import { createServer } from "../server/create-server.ts";
import { contextOf, requestOf } from "../server/fixtures/ask.ts";
import { defineTool } from "../server/tools.ts";
import { createMemoryRateLimiter } from "../stores/memory-rate-limiter.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createFetchHandler } from "../transport/http/fetch-handler.ts";
import { serveStdio } from "../transport/stdio/server.ts";
import { type RateLimitOptions, rateLimit } from "./rate-limit.ts";

const beyond = { reason: "internalError", code: -32603, status: 429, message: "Too many requests" };
const rate = { requests: 1, perMs: 60_000 };
const ada = { principal: { id: "ada" } };
const bob = { principal: { id: "bob" } };

/** A limit around a server that answers everything, with a clock that the test sets. */
function limited(options: Partial<RateLimitOptions> = {}) {
  const clock = createManualClock(0);
  let served = 0;
  const createLimiter: RateLimitOptions["createLimiter"] = (own) =>
    createMemoryRateLimiter({ ...own, now: clock.now });
  const serve = rateLimit({ ...rate, createLimiter, ...options })(async () => {
    served += 1;
    return { resultType: "complete" };
  });
  const ask = (
    method: string,
    caller: Partial<RequestContext> = {},
    params: JSONObject = {},
  ): Promise<Result> => serve(requestOf(method, params), { ...contextOf(), ...caller });
  return { ask, clock, served: () => served };
}

describe("a rate limit", () => {
  it("refuses a call above the allowance with 429 and the time to wait", async () => {
    const { ask, served } = limited();
    await ask("tools/call", ada);
    const refused = { ...beyond, retryAfterMs: 60_000, data: { retryAfterMs: 60_000 } };
    await expect(ask("tools/call", ada)).rejects.toMatchObject(refused);
    expect(served()).toBe(1);
  });

  it("counts all spellings of a URI as one name", async () => {
    const { ask } = limited({ methods: [readResource], per: ["name"] });
    await ask("resources/read", ada, { uri: "note://abc" });
    for (const uri of ["NOTE://abc", "note://%61bc", "note://a%62c"]) {
      await expect(ask("resources/read", ada, { uri })).rejects.toMatchObject(beyond);
    }
  });

  it("allows a call again after the time to wait", async () => {
    const { ask, clock } = limited({ requests: 2 });
    await ask("tools/call");
    await ask("tools/call");
    clock.advance(29_999);
    await expect(ask("tools/call")).rejects.toMatchObject({ ...beyond, retryAfterMs: 1 });
    clock.advance(1);
    await expect(ask("tools/call")).resolves.toBeDefined();
  });

  it("counts tool calls and completions together by default, and no other requests", async () => {
    const { ask } = limited();
    for (let count = 0; count < 5; count += 1) await ask("tools/list");
    await ask("completion/complete");
    await expect(ask("tools/call")).rejects.toMatchObject(beyond);
    await expect(ask("subscriptions/listen")).resolves.toBeDefined();
  });

  it("counts only the methods of its options", async () => {
    const { ask } = limited({ methods: [complete] });
    for (let count = 0; count < 5; count += 1) await ask("tools/call");
    await ask("completion/complete");
    await expect(ask("completion/complete")).rejects.toMatchObject(beyond);
  });

  it.each([
    ["two principals at one address", ada, { ...bob, address: "192.0.2.1" }],
    ["two addresses", { address: "192.0.2.1" }, { address: "192.0.2.2" }],
    ["two IPv6 networks", { address: "2001:db8:1:2::1" }, { address: "2001:db8:1:3::1" }],
    ["a principal and an address", ada, { address: "ada" }],
  ])("counts separately for %s", async (_callers, first, second) => {
    const { ask } = limited();
    await ask("tools/call", first);
    await expect(ask("tools/call", second)).resolves.toBeDefined();
  });

  it.each([
    ["a principal at two addresses", { ...ada, address: "192.0.2.1" }, ada],
    ["one IPv6 network", { address: "2001:db8:1:2::1" }, { address: "2001:db8:1:2::2" }],
    ["callers without principal and address", {}, {}],
  ])("counts together for %s", async (_callers, first, second) => {
    const { ask } = limited();
    await ask("tools/call", first);
    await expect(ask("tools/call", second)).rejects.toMatchObject(beyond);
  });

  it("counts all callers together for an empty per", async () => {
    const { ask } = limited({ per: [] });
    await ask("tools/call", ada);
    await expect(ask("tools/call", bob)).rejects.toMatchObject(beyond);
  });

  it("counts each name separately, for all callers together, per name", async () => {
    const { ask } = limited({ per: ["name"] });
    await ask("tools/call", ada, { name: "a" });
    await ask("tools/call", ada, { name: "b" });
    await expect(ask("tools/call", bob, { name: "a" })).rejects.toMatchObject(beyond);
  });

  it("counts each name of each caller separately per caller and name", async () => {
    const { ask } = limited({ per: ["caller", "name"] });
    await ask("tools/call", ada, { name: "a" });
    await ask("tools/call", ada, { name: "b" });
    await ask("tools/call", bob, { name: "a" });
    await expect(ask("tools/call", ada, { name: "a" })).rejects.toMatchObject(beyond);
  });

  it("counts names that never succeeded together beyond a hundred of a caller", async () => {
    const keys = new Set<string>();
    const createLimiter = () => ({
      take: (key: string) => {
        keys.add(key);
        return { allowed: true, retryAfterMs: 0 };
      },
    });
    const limit = rateLimit({ requests: 1, perMs: 3_600_000, per: ["name"], createLimiter });
    const serve = limit(async ({ params }) => {
      if (String(params?.name).startsWith("x")) throw new ProtocolError("invalidParams", "Unknown");
      return { resultType: "complete" };
    });
    const ask = async (name: string, caller: Partial<RequestContext> = ada) =>
      serve(requestOf("tools/call", { name }), { ...contextOf(), ...caller });
    await ask("real");
    for (let index = 0; index < 5000; index += 1) await ask(`x${index}`).catch(() => {});
    expect(keys.size).toBe(101);
    await ask("real");
    // Another caller is not affected.
    await ask("other", bob);
    expect(keys.size).toBe(102);
    expect(keys).toContain('["tools/call","other",""]');
  });

  it("counts names that are too long for a key together", async () => {
    const { ask } = limited({ per: ["name"] });
    await ask("tools/call", {}, { name: "a".repeat(257) });
    await expect(ask("tools/call", {}, { name: "b".repeat(257) })).rejects.toMatchObject(beyond);
  });

  it("counts with a limiter whose decisions take time", async () => {
    const taken: unknown[] = [];
    const take = async (key: string, cost: number) => {
      taken.push([key, cost]);
      return { allowed: false, retryAfterMs: 5 };
    };
    const { ask, served } = limited({ createLimiter: () => ({ take }) });
    await expect(ask("tools/call", ada)).rejects.toMatchObject({ ...beyond, retryAfterMs: 5 });
    expect([taken, served()]).toEqual([[["principal ada", 1]], 0]);
  });

  it("refuses requests while its limiter fails", async () => {
    const take = () => Promise.reject(new Error("no store"));
    const { ask, served } = limited({ createLimiter: () => ({ take }) });
    await expect(ask("tools/call")).rejects.toThrow("no store");
    expect(served()).toBe(0);
  });
});

describe("the options of a rate limit", () => {
  it.each([
    [{ requests: 0 }, "rateLimit: requests: expected a number above 0"],
    [{ requests: Number.NaN }, "rateLimit: requests: expected a number above 0"],
    [{ requests: "5" }, "rateLimit: requests: expected a number above 0"],
    [{ perMs: -1 }, "rateLimit: perMs: expected a number above 0"],
    [{ perMs: Number.POSITIVE_INFINITY }, "rateLimit: perMs: expected a number above 0"],
    [{ methods: [] }, "rateLimit: methods: expected at least one method"],
    [
      { methods: [callTool, "completion/complete"] },
      "rateLimit: methods[1]: expected a method, such as callTool of lutra/protocol",
    ],
    [{ per: "caller" }, 'rateLimit: per: expected a list of "caller" and "name"'],
    [{ per: ["tool"] }, 'rateLimit: per: expected a list of "caller" and "name"'],
    [{ request: 5 }, "rateLimit: request: unknown option"],
  ])("%j are refused", (wrong, message) => {
    const options = { ...rate, ...wrong } as unknown as RateLimitOptions;
    expect(() => rateLimit(options)).toThrow(new RegExp(`^${escaped(message)}`));
  });
});

describe("a server with a rate limit", () => {
  const stopped: RateLimitOptions["createLimiter"] = (own) =>
    createMemoryRateLimiter({ ...own, now: () => 0 });
  const create = () =>
    createServer({
      name: "limited",
      version: "1.0.0",
      tools: [defineTool({ name: "greet", call: () => "hello" })],
      middleware: [rateLimit({ ...rate, createLimiter: stopped })],
    });

  it("answers with the status 429 and Retry-After over HTTP", async () => {
    const handler = createFetchHandler(create());
    const post = () =>
      handler(
        new Request("http://localhost/mcp", {
          method: "POST",
          headers: {
            "content-type": "application/json",
            accept: "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "greet",
          },
          body: JSON.stringify(requestOf("tools/call", { name: "greet" })),
        }),
      );
    expect((await post()).status).toBe(200);
    const refused = await post();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await refused.json()).toMatchObject({
      error: { code: -32603, message: "Too many requests", data: { retryAfterMs: 60_000 } },
    });
  });

  it("answers with the time to wait over stdio", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const written = text(output);
    const endpoint = serveStdio(create(), { input, output });
    for (const id of [1, 2]) {
      const request = requestOf("tools/call", { name: "greet" }, { id });
      input.write(`${JSON.stringify(request)}\n`);
    }
    input.end();
    await endpoint.closed;
    output.end();
    const answers = (await written)
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answers.find(({ id }) => id === 2)).toMatchObject({
      error: { code: -32603, message: "Too many requests", data: { retryAfterMs: 60_000 } },
    });
  });
});

function escaped(message: string): string {
  return message.replace(/[[\]()."]/g, "\\$&");
}
