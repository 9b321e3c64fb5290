import { describe, expect, it } from "vitest";
import { call, form, retryOf, serverOf, textOf } from "../fixtures/asking.ts";
import { inParallel } from "./parallel.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("context.parallel", () => {
  it("works on no more items at once than its concurrency, and keeps their order", async () => {
    let running = 0;
    let most = 0;
    const results = await inParallel([5, 1, 4, 2, 3, 0], { concurrency: 2 }, async (n, index) => {
      running += 1;
      most = Math.max(most, running);
      for (let turns = 0; turns < n; turns += 1) await turn();
      running -= 1;
      return `${index}:${n}`;
    });
    expect(results).toEqual(["0:5", "1:1", "2:4", "3:2", "4:3", "5:0"]);
    expect(most).toBe(2);
  });

  it("begins no item after an error, and rejects with it when the others have ended", async () => {
    const ended: number[] = [];
    const all = inParallel([0, 1, 2, 3], { concurrency: 2 }, async (n) => {
      if (n === 0) throw new Error("first");
      await turn();
      ended.push(n);
    });
    await expect(all).rejects.toThrow("first");
    expect(ended).toEqual([1]);
  });

  it.each([
    [[], []],
    [new Set(["a"]), ["A"]],
    [
      (function* () {
        yield "b";
        yield "c";
      })(),
      ["B", "C"],
    ],
  ])("takes any iterable", async (items: Iterable<string>, results) => {
    const work = (item: string) => item.toUpperCase();
    expect(await inParallel(items, { concurrency: 10 }, work)).toEqual(results);
  });

  it("refuses a concurrency below 1", async () => {
    await expect(inParallel([1], { concurrency: 0 }, () => 1)).rejects.toThrow(TypeError);
  });

  it("runs each of its steps once over all replays", async () => {
    const ran: number[] = [];
    const server = serverOf(async (context) => {
      const items = Array.from({ length: 20 }, (_, n) => n);
      const results = await context.parallel(items, { concurrency: 3 }, async (n) => {
        const value = await context.step(`item ${n}`, async () => {
          ran.push(n);
          for (let turns = 0; turns < (n * 7) % 5; turns += 1) await turn();
          return n * 2;
        });
        return value + 1;
      });
      await context.elicit("q", form);
      return results.join();
    });
    const asked = await call(server);
    const end = await call(server, retryOf(asked, { q: { action: "decline" } }));
    expect(textOf(end)).toBe(Array.from({ length: 20 }, (_, n) => n * 2 + 1).join());
    expect(ran).toHaveLength(20);
  });
});
