import { expect, it } from "vitest";
import type { ExchangeRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { createMetrics } from "./metrics.ts";

const record = (changes: Partial<ExchangeRecord>): ExchangeRecord => ({
  startedAt: 0,
  ms: 1,
  head: headOf(...modern("tools/call")),
  principal: undefined,
  subject: undefined,
  route: 0,
  upstream: "places",
  replica: "1",
  attempts: 1,
  code: undefined,
  cache: undefined,
  upstreamMs: undefined,
  bytesOut: 0,
  reason: undefined,
  ...changes,
});

async function linesAfter(records: readonly ExchangeRecord[]): Promise<readonly string[]> {
  const metrics = createMetrics({ upstreams: () => [], cache: () => undefined });
  for (const each of records) metrics.observe(each, 200);
  return (await metrics.text()).split("\n");
}

it("counts durations in cumulative buckets", async () => {
  const upstream = 'a"b';
  const records = [1, 1.1, 200, 31_000].map((ms) => record({ ms, upstream }));
  const lines = await linesAfter(records);
  const labels = 'method="tools/call",upstream="a\\"b"';
  const bucket = (le: string) =>
    `lutra_gateway_request_duration_seconds_bucket{le="${le}",${labels}}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      "# TYPE lutra_gateway_request_duration_seconds histogram",
      `${bucket("0.001")} 1`,
      `${bucket("0.0025")} 2`,
      `${bucket("0.1")} 2`,
      `${bucket("0.25")} 3`,
      `${bucket("30")} 3`,
      `${bucket("+Inf")} 4`,
      `lutra_gateway_request_duration_seconds_count{${labels}} 4`,
    ]),
  );
  expect(lines.find((line) => line.includes("seconds_sum"))).toMatch(/ 31\.2021$/);
});

it("shows an upstream without retries as 0", async () => {
  expect(await linesAfter([record({})])).toContain(
    'lutra_gateway_retries_total{upstream="places"} 0',
  );
});

it("counts exchanges beyond 1000 label combinations under one series", async () => {
  const records = Array.from({ length: 1003 }, (_, index) => record({ code: -index - 1 }));
  const lines = await linesAfter(records);
  const series = lines.filter((line) => line.startsWith("lutra_gateway_requests_total{"));
  expect(series).toHaveLength(1001);
  expect(series.at(-1)).toBe(
    'lutra_gateway_requests_total{method="other",upstream="",status="0",code="",cache=""} 3',
  );
});
