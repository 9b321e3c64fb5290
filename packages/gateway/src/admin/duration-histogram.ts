/**
 * How long requests take, counted by buckets. The histogram of prom-client looks its labels up for
 * each value, which costs more than the rest of a request's bookkeeping; so counts are kept here and
 * written in Prometheus' text form when it asks.
 */

const name = "lutra_gateway_request_duration_seconds";
const help = "From the arrival of a request to the end of its answer";
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class DurationHistogram {
  /** The labels as Prometheus reads them; equal for equal labels. */
  readonly name: string;
  /** How many values are within each bound, and above that before it; the last has no bound. */
  readonly #counts = new Array<number>(bounds.length + 1).fill(0);
  #sum = 0;

  constructor(labels: { readonly [label: string]: string | number | undefined }) {
    this.name = Object.entries(labels)
      .map(([label, value]) => `${label}="${escaped(String(value ?? ""))}"`)
      .join(",");
  }

  observe(seconds: number): void {
    let index = 0;
    while (index < bounds.length && seconds > (bounds[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += seconds;
  }

  lines(): readonly string[] {
    let total = 0;
    const buckets = this.#counts.map((count, index) => {
      total += count;
      return `${name}_bucket{le="${bounds[index] ?? "+Inf"}",${this.name}} ${total}`;
    });
    return [
      ...buckets,
      `${name}_sum{${this.name}} ${this.#sum}`,
      `${name}_count{${this.name}} ${total}`,
    ];
  }
}

/** All histograms in the text form. */
export function histogramText(histograms: readonly DurationHistogram[]): string {
  const lines = histograms.flatMap((histogram) => histogram.lines());
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...lines, ""].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
