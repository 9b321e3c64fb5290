import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { ResponseBudget } from "./response-budget.ts";

const waitMs = 1000;

function start(maxBytes: number) {
  const time = createManualTime();
  return { time, budget: new ResponseBudget({ maxBytes, waitMs }, time) };
}

/** A response of which its client has not taken `writableLength` bytes. */
function unread(writableLength: number, onDestroy: () => void) {
  const res = { writableLength, socket: null, destroy: onDestroy };
  return res as unknown as ServerResponse & { writableLength: number };
}

describe("the memory for responses", () => {
  it("has room for responses within the limit, without a promise", () => {
    const { budget } = start(100);
    expect(budget.share().fit(20, undefined)).toBeUndefined();
    expect(budget.share().fit(50, 60)).toBeUndefined();
    expect(budget.inUse).toBe(40 + 60);
  });

  it("lets a response wait until another one is released", async () => {
    const { budget } = start(100);
    const [first, exempt, waiting] = [budget.share(), budget.share(), budget.share()];
    void first.fit(80, 80);
    void exempt.fit(50, 50);
    const granted = waiting.fit(40, 40);
    expect(budget).toMatchObject({ inUse: 130, waiting: 1 });
    first.release();
    expect(await granted).toBe(true);
    expect(budget).toMatchObject({ inUse: 90, waiting: 0 });
  });

  it("lets one response exceed the limit, so that responses that wait for each other end", async () => {
    const { budget } = start(100);
    const shares = Array.from({ length: 4 }, () => budget.share());
    for (const share of shares) void share.fit(25, 25);
    const growing = shares.map((share) => share.fit(50, 50));
    expect(growing[0]).toBeUndefined();
    expect(budget).toMatchObject({ inUse: 125, waiting: 3 });
    for (const [index, share] of shares.entries()) {
      expect(await (growing[index] ?? true)).toBe(true);
      share.release();
    }
    expect(budget).toMatchObject({ inUse: 0, waiting: 0 });
  });

  it("lets another response exceed the limit while the client of the last one is slow", async () => {
    const { budget } = start(100);
    const [slow, ...others] = [0, 1, 2].map(() => budget.share());
    void slow?.fit(150, 150);
    slow?.keep(unread(10, () => {}));
    for (const share of others) void share.fit(45, 45);
    const growing = others.map((share) => share.fit(60, 60));
    expect(growing[0]).toBeUndefined();
    others[0]?.release();
    expect(await growing[1]).toBe(true);
    expect(budget).toMatchObject({ inUse: 70, waiting: 0 });
  });

  it("lets no second response exceed the limit while the first one does", () => {
    const { budget } = start(100);
    const [slow, other] = [budget.share(), budget.share()];
    void other.fit(10, 10);
    void slow.fit(150, 150);
    slow.keep(unread(120, () => {}));
    void other.fit(50, 50);
    expect(budget).toMatchObject({ inUse: 130, waiting: 1 });
  });

  it("admits the response that began first, even if it asks last", async () => {
    const { budget } = start(100);
    const [full, exempt, older, newer] = [0, 1, 2, 3].map(() => budget.share());
    void full?.fit(100, 100);
    void exempt?.fit(100, 100);
    const order: string[] = [];
    const both = [
      newer?.fit(60, 60)?.then(() => order.push("newer")),
      older?.fit(60, 60)?.then(() => order.push("older")),
    ];
    full?.release();
    exempt?.release();
    await Promise.all(both);
    expect(order).toEqual(["older", "newer"]);
  });

  describe("kept for small responses", () => {
    /** The limit, beyond which 8000 bytes are kept for responses of up to 1000 bytes. */
    const max = 64_000;
    /** Fills the memory, so that a large response waits. */
    const full = () => {
      const { budget, time } = start(max);
      const [first, exempt, large] = [0, 1, 2].map(() => budget.share());
      void first?.fit(60_000, 60_000);
      void exempt?.fit(20_000, 20_000);
      const granted = large?.fit(50_000, 50_000);
      const release = () => {
        first?.release();
        exempt?.release();
      };
      return { budget, time, granted, release };
    };
    const small = (budget: ResponseBudget) => {
      const share = budget.share();
      return { share, granted: share.fit(1000, 1000) };
    };

    it("lets them pass a large one that waits, up to an eighth of the limit", async () => {
      const { budget, granted, release } = full();
      const all = Array.from({ length: 8 }, () => small(budget));
      expect(all.map((one) => one.granted)).toEqual(Array(8).fill(undefined));
      const next = small(budget);
      expect(budget).toMatchObject({ waiting: 2, inUse: 88_000 });
      all[0]?.share.release();
      expect(await next.granted).toBe(true);
      expect(budget).toMatchObject({ waiting: 1, inUse: 88_000 });
      release();
      expect(await granted).toBe(true);
    });

    it("does not delay a large one, however many follow", async () => {
      const { budget, granted, release } = full();
      const all = Array.from({ length: 100 }, () => small(budget));
      release();
      expect(await granted).toBe(true);
      for (const { share, granted } of all) {
        await granted;
        share.release();
      }
      expect(budget).toMatchObject({ waiting: 0, inUse: 50_000 });
    });

    it("is free again when one of them grows, which then waits like a large one", async () => {
      const { budget, release } = full();
      const { share } = small(budget);
      const grown = share.fit(2000, 2000);
      expect(budget).toMatchObject({ waiting: 2, inUse: 81_000 });
      release();
      expect(await grown).toBe(true);
      expect(budget).toMatchObject({ waiting: 0, inUse: 52_000 });
      share.release();
      expect(budget.inUse).toBe(50_000);
    });

    it("is counted down when a client has taken a part", () => {
      const { budget } = full();
      const { share } = small(budget);
      share.keep(unread(300, () => {}));
      expect(budget.inUse).toBe(80_300);
      share.release();
      expect(budget.inUse).toBe(80_000);
    });
  });

  it("never lets the response wait that may exceed the limit", () => {
    const { budget } = start(100);
    const [older, exempt] = [budget.share(), budget.share()];
    void older.fit(90, 90);
    void exempt.fit(50, 50);
    void older.fit(95, 95);
    expect(budget.waiting).toBe(1);
    expect(exempt.fit(200, 200)).toBeUndefined();
  });

  it("refuses a response that has waited for the time limit", async () => {
    const { budget, time } = start(100);
    void budget.share().fit(100, 100);
    void budget.share().fit(100, 100);
    const granted = budget.share().fit(10, 10);
    time.advance(waitMs - 1);
    expect(budget.waiting).toBe(1);
    time.advance(1);
    expect(await granted).toBe(false);
    expect(budget).toMatchObject({ waiting: 0, refused: 1, inUse: 200 });
  });

  it("stops its timer when no response waits", async () => {
    const { budget, time } = start(100);
    const share = budget.share();
    void share.fit(100, 100);
    void budget.share().fit(100, 100);
    void budget.share().fit(10, 10);
    share.release();
    time.advance(waitMs);
    expect(time.waiting()).toBe(0);
  });

  it("settles the wait of a response that is released", async () => {
    const { budget } = start(100);
    void budget.share().fit(100, 100);
    void budget.share().fit(100, 100);
    const share = budget.share();
    const granted = share.fit(10, 10);
    share.release();
    await granted;
    expect(budget).toMatchObject({ inUse: 200, waiting: 0 });
  });

  it("counts what a client has not taken, and disconnects it if others wait and it takes nothing", async () => {
    const { budget, time } = start(100);
    const [slow, stuck] = [budget.share(), budget.share()];
    void slow.fit(60, 60);
    void stuck.fit(60, 60);
    const slowResponse = unread(50, () => slow.release());
    slow.keep(slowResponse);
    stuck.keep(unread(45, () => stuck.release()));
    expect(budget.inUse).toBe(95);
    const granted = budget.share().fit(30, 30);
    const last = budget.share().fit(30, 30);
    time.advance(waitMs / 4);
    slowResponse.writableLength = 20;
    time.advance(waitMs / 4);
    await granted;
    expect(await last).toBe(true);
    expect(budget.inUse).toBe(50 + 30 + 30);
  });

  it("admits waiting responses when a reload raises the limit", async () => {
    const { budget } = start(100);
    void budget.share().fit(100, 100);
    void budget.share().fit(100, 100);
    const granted = budget.share().fit(10, 10);
    budget.configure({ maxBytes: 300, waitMs });
    expect(await granted).toBe(true);
  });
});
