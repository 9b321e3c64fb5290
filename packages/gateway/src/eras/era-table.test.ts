import { expect, it } from "vitest";
import { createRecord, type ExchangeRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { EraTable, maxDays } from "./era-table.ts";

const day = 86_400_000;
const start = Date.parse("2026-11-30T10:00:00Z");

function recordOf(members: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return { ...createRecord(), head: headOf(...modern("tools/list")), upstream: "a", ...members };
}

function clientOf(name: string, version = "1.0.0"): Pick<ExchangeRecord, "client"> {
  const meta = {
    version: "2026-07-28",
    capabilities: { roots: {} },
    clientInfo: { name, version },
  };
  return { client: { meta } };
}

it("counts requests by day, client, protocol version and upstream", () => {
  let now = start;
  const table = new EraTable(() => now);
  table.observe(recordOf(clientOf("one")), 200);
  table.observe(recordOf(clientOf("one")), 400);
  table.observe(recordOf({ ...clientOf("one"), upstream: "b" }), 200);
  now += day;
  table.observe(recordOf(clientOf("one")), 200);
  const { rows, sinceMs, nowMs } = table.read();
  expect([sinceMs, nowMs]).toEqual([start, start + day]);
  expect(rows.map((row) => [row.day, row.upstream, row.requests, row.failed])).toEqual([
    ["2026-12-01", "a", 1, 0],
    ["2026-11-30", "a", 2, 1],
    ["2026-11-30", "b", 1, 0],
  ]);
  expect(rows[0]).toEqual({
    day: "2026-12-01",
    client: "one",
    clientVersion: "1.0.0",
    protocolVersion: "2026-07-28",
    upstream: "a",
    requests: 1,
    failed: 0,
    lastSeen: "2026-12-01T10:00:00.000Z",
    used: {},
    declared: { roots: 1 },
  });
});

it("counts a legacy client under the version of its session", () => {
  const table = new EraTable(() => start);
  const session = {
    version: "2025-03-26",
    capabilities: {},
    clientInfo: { name: "old", version: "" },
  };
  table.observe(recordOf({ client: { session, used: new Set(["sampling"]) } }), 200);
  const [row] = table.read().rows;
  expect(row).toMatchObject({
    client: "old",
    protocolVersion: "2025-03-26",
    used: { sampling: 1 },
  });
});

it("has no client for a request that was forwarded unread", () => {
  const table = new EraTable(() => start);
  table.observe(recordOf(), 200);
  expect(table.read().rows).toMatchObject([{ client: null, protocolVersion: "2026-07-28" }]);
});

it("does not count HTTP requests without a message", () => {
  const table = new EraTable(() => start);
  const head = headOf("Accept", "text/html");
  for (const reason of ["path", "screening", "malformed"]) {
    table.observe({ ...createRecord(), head, reason }, 404);
  }
  expect(table.read().rows).toEqual([]);
});

it.each([
  ["2026-07-28", "2026-07-28"],
  ["2025-06-18", "2025-06-18"],
  ["2027-01-01", "other"],
  ["x".repeat(100), "other"],
])("counts the version header %s as %s", (sent, counted) => {
  const table = new EraTable(() => start);
  table.observe(recordOf({ head: headOf("MCP-Protocol-Version", sent) }), 400);
  expect(table.read().rows[0]?.protocolVersion).toBe(counted);
});

it("shows the names of clients short and without control characters", () => {
  const table = new EraTable(() => start);
  table.observe(recordOf(clientOf(`\u001b[31m${"x".repeat(100)}`, "1\n2")), 200);
  const [{ client, clientVersion } = { client: "", clientVersion: "" }] = table.read().rows;
  expect([client, clientVersion]).toEqual([` [31m${"x".repeat(59)}`, "1 2"]);
});

it("counts the clients of a day beyond a maximum under one name", () => {
  const table = new EraTable(() => start);
  for (let index = 0; index < 2000; index += 1) {
    table.observe(recordOf(clientOf(`client ${index}`)), 200);
  }
  const { rows } = table.read();
  expect(rows).toHaveLength(501);
  expect(rows.at(-1)).toMatchObject({ client: "other", clientVersion: null, requests: 1500 });
});

it("adds counts of other processes, whatever the order of their days", () => {
  const before = new EraTable(() => start - day);
  before.observe(recordOf({ ...clientOf("one"), client: { used: new Set(["roots"]) } }), 400);
  before.observe(recordOf(clientOf("one")), 200);
  const table = new EraTable(() => start);
  table.observe(recordOf(clientOf("one")), 200);
  const own = table.take();
  expect(table.read().rows).toEqual([]);
  table.add(own);
  table.add(before.take());
  table.add(own);
  const { rows } = table.read();
  expect(rows.map((row) => [row.day, row.client, row.requests, row.failed])).toEqual([
    ["2026-11-30", "one", 2, 0],
    ["2026-11-29", null, 1, 1],
    ["2026-11-29", "one", 1, 0],
  ]);
  expect(rows.map(({ used, declared }) => [used, declared])).toEqual([
    [{}, { roots: 2 }],
    [{ roots: 1 }, {}],
    [{}, { roots: 1 }],
  ]);
  expect(rows[0]?.lastSeen).toBe(new Date(start).toISOString());
});

it("keeps the latest days only", () => {
  let now = start;
  const table = new EraTable(() => now);
  for (let index = 0; index < 40; index += 1) {
    table.observe(recordOf(), 200);
    now += day;
  }
  const { rows } = table.read();
  expect(rows).toHaveLength(maxDays);
  expect(rows[0]?.day).toBe("2027-01-08");
});
