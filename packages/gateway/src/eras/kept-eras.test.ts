import { createMemoryHandleStore, type HandleStore } from "lutra/stores";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { EraTable } from "./era-table.ts";
import { KeptEras } from "./kept-eras.ts";

const day = 86_400_000;
const start = Date.parse("2026-11-30T10:00:00Z");

describe("counts in a store", () => {
  let now: number;
  let store: HandleStore;
  let isLost: boolean;
  let warnings: string[];
  let opened: KeptEras[];

  beforeEach(() => {
    now = start;
    isLost = false;
    warnings = [];
    opened = [];
    const memory = createMemoryHandleStore({ now: () => now });
    const fail = async () => {
      if (isLost) throw new Error("the store is unreachable");
    };
    store = {
      ...memory,
      get: async (...args) => fail().then(() => memory.get(...args)),
      create: async (...args) => fail().then(() => memory.create(...args)),
      replace: async (...args) => fail().then(() => memory.replace(...args)),
      close: async () => {},
    };
  });
  afterEach(async () => {
    for (const kept of opened) await kept.close();
  });

  /** Opens the counts of one process. */
  function open(name = "gateway", used = store) {
    const table = new EraTable(() => now);
    const onWarning = (message: string) => void warnings.push(message);
    const kept = new KeptEras(table, { store: used, name, onWarning, now: () => now });
    opened.push(kept);
    const count = () => {
      const record = { ...createRecord(), head: headOf(...modern("tools/list")), upstream: "a" };
      table.observe(record, 200);
    };
    const read = async () => {
      const { rows, sinceMs } = await kept.read();
      return { sinceMs, counts: rows.map((row) => [row.day, row.requests]) };
    };
    return { kept, count, read };
  }

  it("outlive the process, with the time since which they are counted", async () => {
    const first = open();
    first.count();
    await first.kept.close();
    now += day;
    const second = open();
    second.count();
    second.count();
    expect(await second.read()).toEqual({
      sinceMs: start + day,
      counts: [
        ["2026-12-01", 2],
        ["2026-11-30", 1],
      ],
    });
  });

  it("keep the time since which any process counts", async () => {
    const first = open();
    await first.read();
    now += day;
    expect((await open().read()).sinceMs).toBe(start);
  });

  it("are the sum of all gateways with one name", async () => {
    const [one, two, other] = [open(), open(), open("other")];
    one.count();
    two.count();
    two.count();
    other.count();
    await Promise.all([one.kept.flush(), two.kept.flush(), other.kept.flush()]);
    for (const { read } of [one, two]) expect((await read()).counts).toEqual([["2026-11-30", 3]]);
    expect((await other.read()).counts).toEqual([["2026-11-30", 1]]);
  });

  it("stay in memory while the store is unreachable, and are stored later", async () => {
    const { kept, count, read } = open();
    count();
    isLost = true;
    await kept.flush();
    count();
    await kept.flush();
    expect((await read()).counts).toEqual([["2026-11-30", 2]]);
    expect(warnings).toEqual(["the counts of the era report could not be stored"]);
    isLost = false;
    await kept.flush();
    expect((await open().read()).counts).toEqual([["2026-11-30", 2]]);
  });

  it("stay in memory when other gateways change the day all the time", async () => {
    const { kept, count } = open("gateway", { ...store, replace: async () => false });
    count();
    await kept.flush();
    count();
    await kept.flush();
    expect(warnings).toHaveLength(1);
    expect((await open().read()).counts).toEqual([["2026-11-30", 1]]);
  });

  it("are forgotten with their day", async () => {
    const first = open();
    first.count();
    await first.kept.flush();
    now += 40 * day;
    expect((await first.read()).counts).toEqual([]);
  });

  it("ignore other values in the store", async () => {
    const { kept, read } = open();
    const value = [7, { day: "2026-11-30" }, null];
    const handle = { id: "2026-11-30", version: 1, expiresAt: null, value };
    await store.create({ scope: "lutra eras of gateway", ...handle });
    await kept.flush();
    expect((await read()).counts).toEqual([]);
  });
});
