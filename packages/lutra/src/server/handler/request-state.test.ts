import { describe, expect, it, vi } from "vitest";
import { callerOf } from "../../protocol/caller.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Result } from "../../protocol/json-rpc.ts";
import { ask } from "../fixtures/ask.ts";
import {
  accept,
  call,
  errors,
  every,
  form,
  greet,
  type Handler,
  keys,
  retryOf,
  serverOf,
  textOf,
} from "../fixtures/asking.ts";
import { randomKeys } from "../seal.ts";

describe("basic/patterns/mrtr#server-requirements-basic-workflow: requestState", () => {
  let ran = 0;
  const counting: Handler = async (context) => {
    ran += 1;
    return greet(context);
  };
  const answers = { who: accept({ name: "Ada" }) };
  const alice = { principal: { id: "alice" } };

  it("is opaque: neither answers nor steps can be read in it", async () => {
    const server = serverOf(async (context) => {
      await context.step("secret", () => "hunter2");
      await context.elicit("who", form);
    });
    const { requestState } = await call(server);
    const bytes = Buffer.from(String(requestState).split(".")[1] ?? "", "base64url");
    expect(bytes.toString("latin1")).not.toMatch(/hunter2|secret|who/);
  });

  const refused: readonly (readonly [string, (asked: Result) => Promise<Result>])[] = [
    [
      "tampered",
      (asked) => call(serverOf(counting), { requestState: flip(asked.requestState) }, alice),
    ],
    [
      "cut off",
      (asked) =>
        call(serverOf(counting), { requestState: String(asked.requestState).slice(0, -4) }, alice),
    ],
    ["empty", () => call(serverOf(counting), { requestState: "" }, alice)],
    ["nonsense", () => call(serverOf(counting), { requestState: "eyJhIjoxfQ" }, alice)],
    [
      "very long",
      () => call(serverOf(counting), { requestState: `local.${"A".repeat(1_000_000)}` }, alice),
    ],
    [
      "of another principal",
      (asked) => call(serverOf(counting), retryOf(asked, answers), { principal: { id: "bob" } }),
    ],
    [
      "of a principal, from a caller without one",
      (asked) => call(serverOf(counting), retryOf(asked, answers)),
    ],
    [
      "of another method",
      (asked) =>
        ask(
          serverOf(counting),
          "prompts/get",
          { name: "t", ...retryOf(asked, answers) },
          { capabilities: every, ...alice },
        ),
    ],
    [
      "of another tool",
      (asked) =>
        ask(
          serverOf(counting),
          "tools/call",
          { name: "other", ...retryOf(asked, answers) },
          { capabilities: every, ...alice },
        ),
    ],
    [
      "of other arguments",
      (asked) =>
        call(
          serverOf(counting),
          { arguments: { amount: 1000 }, ...retryOf(asked, answers) },
          alice,
        ),
    ],
    [
      "of another server's key",
      (asked) => call(serverOf(counting, { keys: randomKeys() }), retryOf(asked, answers), alice),
    ],
  ];

  it.each(refused)("MUST be rejected with -32602 and nothing runs: %s", async (_what, retry) => {
    const asked = await call(serverOf(counting), {}, alice);
    const before = ran;
    await expect(retry(asked)).rejects.toMatchObject({ code: -32602, status: 400 });
    expect(ran).toBe(before);
    expect(errors).toEqual([]);
  });

  it("is refused before it is decoded when it is longer than maxStateBytes", async () => {
    const decode = vi.spyOn(globalThis, "atob");
    const server = serverOf(counting, { maxStateBytes: 1000 });
    const retry = call(server, { requestState: `local.${"A".repeat(1000)}` });
    await expect(retry).rejects.toMatchObject({ code: -32602 });
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it("rejects a cursor as request state", async () => {
    const server = serverOf(counting, { pageSize: 1 });
    const { nextCursor } = await ask(server, "tools/list");
    await expect(call(server, { requestState: nextCursor })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("is bound to the parameters, regardless of the order of their members", async () => {
    const server = serverOf(counting);
    const asked = await call(server, { arguments: { a: 1, b: { c: 2, d: 3 } } });
    const reordered = { arguments: { b: { d: 3, c: 2 }, a: 1 }, ...retryOf(asked, answers) };
    expect(textOf(await call(server, reordered))).toBe("Hello, Ada");
  });

  it("is not bound to _meta: tokens and trace context change with each request", async () => {
    const server = serverOf(counting);
    const asked = await call(server, {}, { meta: { progressToken: 1 } });
    const options = { id: "another", meta: { progressToken: 2, traceparent: "00-1-2-01" } };
    expect(textOf(await call(server, retryOf(asked, answers), options))).toBe("Hello, Ada");
  });

  it("is rejected after it has expired", async () => {
    let time = 1_000_000;
    const server = serverOf(counting, { now: () => time, inputTtlMs: 1000 });
    const asked = await call(server);
    time += 999;
    expect(textOf(await call(server, retryOf(asked, answers)))).toBe("Hello, Ada");
    time += 1;
    const before = ran;
    await expect(call(server, retryOf(asked, answers))).rejects.toMatchObject({
      code: -32602,
      message: expect.stringMatching(/expired/),
    });
    expect(ran).toBe(before);
  });

  it("is accepted after a key rotation while its key is still listed", async () => {
    const asked = await call(serverOf(counting));
    const fresh = { id: "fresh", secret: crypto.getRandomValues(new Uint8Array(32)) };
    const rotated = serverOf(counting, { keys: [fresh, ...keys] });
    expect(textOf(await call(rotated, retryOf(asked, answers)))).toBe("Hello, Ada");
    expect((await call(rotated)).requestState).toMatch(/^fresh\./);
    const dropped = serverOf(counting, { keys: [fresh] });
    await expect(call(dropped, retryOf(asked, answers))).rejects.toMatchObject({ code: -32602 });
  });

  it("may be used again unless the definition has singleUse", async () => {
    const server = serverOf(counting);
    const asked = await call(server);
    for (let round = 0; round < 3; round += 1) {
      expect(textOf(await call(server, retryOf(asked, answers)))).toBe("Hello, Ada");
    }
  });

  it("singleUse: servers MUST enforce that it is consumed at most once", async () => {
    const server = serverOf(counting, {}, true);
    const asked = await call(server);
    const before = ran;
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => call(server, retryOf(asked, answers))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(ran).toBe(before + 1);
    const [failed] = results.filter((result) => result.status === "rejected");
    expect(failed?.reason).toMatchObject({ code: -32602, message: expect.stringMatching(/used/) });
  });

  it("singleUse: the state of each round can be used once", async () => {
    const server = serverOf(counting, {}, true);
    const again = await call(server, retryOf(await call(server)));
    expect(again.resultType).toBe("input_required");
    expect(textOf(await call(server, retryOf(again, answers)))).toBe("Hello, Ada");
  });

  it("singleUse: replicas share one guard, for the time that the state is valid", async () => {
    const claims: [string, number][] = [];
    const claim = (id: string, ttlMs: number) => {
      const isNew = !claims.some(([claimed]) => claimed === id);
      claims.push([id, ttlMs]);
      return Promise.resolve(isNew);
    };
    const replayGuard = { claim, isShared: true };
    const options = { replayGuard, inputTtlMs: 5000, now: () => 0 };
    const [one, two] = [serverOf(counting, options, true), serverOf(counting, options, true)];
    const asked = await call(one);
    expect(textOf(await call(two, retryOf(asked, answers)))).toBe("Hello, Ada");
    await expect(call(one, retryOf(asked, answers))).rejects.toMatchObject({ code: -32602 });
    expect(claims).toEqual([
      [claims[0]?.[0], 5000],
      [claims[0]?.[0], 5000],
    ]);
  });

  it("singleUse: a claim counts for its caller", async () => {
    const callers: unknown[] = [];
    const claim = (_id: string, _ttlMs: number, caller?: string) => {
      callers.push(caller);
      return true;
    };
    const server = serverOf(counting, { replayGuard: { claim, isShared: true } }, true);
    for (const id of ["ada", "bob"]) {
      const principal = { id };
      const asked = await call(server, {}, { principal });
      expect(textOf(await call(server, retryOf(asked, answers), { principal }))).toBe("Hello, Ada");
      expect(callers).toContain(callerOf({ principal }));
    }
  });

  it("a state above maxStateBytes is reported as a masked internal error", async () => {
    const server = serverOf(
      async (context) => {
        await context.step("big", () => "x".repeat(10_000));
        await context.elicit("who", form);
      },
      { maxStateBytes: 8192 },
    );
    await expect(call(server)).rejects.toMatchObject({ code: -32603 });
    expect(errors).toEqual([expect.objectContaining({ message: expect.stringMatching(/8192/) })]);
  });

  it("deeply nested arguments are answered with a protocol error", async () => {
    const server = serverOf(counting);
    const depth = 100_000;
    const deep = JSON.parse("[".repeat(depth) + "]".repeat(depth));
    const answer = call(server, { arguments: { deep } });
    await expect(answer).rejects.toBeInstanceOf(ProtocolError);
  });
});

function flip(requestState: unknown): string {
  const text = String(requestState);
  const at = text.length - 10;
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}
