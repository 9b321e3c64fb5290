import { expect, it } from "vitest";
import { DurationHistogram, histogramText } from "./duration-histogram.ts";

it("counts values by bounds, each with all below it, in the text form of Prometheus", () => {
  const histogram = new DurationHistogram({ method: "tools/call", upstream: 'a"b' });
  for (const seconds of [0.001, 0.0011, 0.2, 31]) histogram.observe(seconds);
  const labels = 'method="tools/call",upstream="a\\"b"';
  const lines = histogramText([histogram]).split("\n");
  expect(lines[1]).toBe("# TYPE lutra_gateway_request_duration_seconds histogram");
  const bucket = (le: string) =>
    `lutra_gateway_request_duration_seconds_bucket{le="${le}",${labels}}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      `${bucket("0.001")} 1`,
      `${bucket("0.0025")} 2`,
      `${bucket("0.1")} 2`,
      `${bucket("0.25")} 3`,
      `${bucket("30")} 3`,
      `${bucket("+Inf")} 4`,
      `lutra_gateway_request_duration_seconds_count{${labels}} 4`,
    ]),
  );
  expect(lines.find((line) => line.includes("_sum"))).toMatch(/ 31\.2021$/);
});
