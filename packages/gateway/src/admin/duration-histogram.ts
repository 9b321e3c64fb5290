/**
 * The histogram of durations. `Histogram` of prom-client hashes its labels for every observation;
 * here a series counts its own durations, and the exposition is made when Prometheus scrapes it.
 */
import type { Histogram, MetricValueWithName } from "prom-client";

/** Upper bounds of the buckets, in milliseconds. */
const boundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/** The counts of durations, by bucket. */
export class Durations {
  /** The last count is that of durations above all bounds. */
  readonly counts: number[] = new Array(boundsMs.length + 1).fill(0);
  sumSeconds = 0;

  observe(ms: number): void {
    let bucket = 0;
    while (bucket < boundsMs.length && ms > (boundsMs[bucket] as number)) bucket += 1;
    (this.counts[bucket] as number) += 1;
    this.sumSeconds += ms / 1000;
  }

  add({ counts, sumSeconds }: Durations): void {
    for (const [bucket, count] of counts.entries()) (this.counts[bucket] as number) += count;
    this.sumSeconds += sumSeconds;
  }
}

export interface LabelledDurations {
  readonly labels: { readonly [label: string]: string };
  readonly durations: Durations;
}

/** Creates a metric for `registerMetric`; a registry reads its name and calls `get`. */
export function durationMetric(
  { name, help }: { readonly name: string; readonly help: string },
  collect: () => Iterable<LabelledDurations>,
): Histogram {
  const get = async () => ({
    name,
    help,
    type: "histogram",
    aggregator: "sum",
    values: [...collect()].flatMap((each) => valuesOf(name, each)),
  });
  // The declared type lists the classes of prom-client only.
  return { name, get } as unknown as Histogram;
}

/** Returns the cumulative buckets, the sum and the count of one combination of labels. */
function valuesOf(
  name: string,
  { labels, durations }: LabelledDurations,
): readonly MetricValueWithName<string>[] {
  let count = 0;
  const buckets = durations.counts.map((own, bucket) => {
    count += own;
    const boundMs = boundsMs[bucket];
    const le = boundMs === undefined ? "+Inf" : boundMs / 1000;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: durations.sumSeconds },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
