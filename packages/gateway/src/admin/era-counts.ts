/** The counts of requests by protocol version, and of uses of deprecated features. */
import { Counter, type Registry } from "prom-client";
import { protocolVersionOf } from "../eras/era-table.ts";
import type { ExchangeRecord } from "../exchange-record.ts";

/** Maximum number of upstreams, also of earlier configurations; those beyond it have no name. */
const maxUpstreams = 1000;

export class EraCounts {
  /** The counts by upstream, and within it by protocol version and by feature. */
  readonly #versions = new Map<string, Map<string, number>>();
  readonly #features = new Map<string, Map<string, number>>();

  /** Counts an exchange that has ended. */
  observe(record: ExchangeRecord): void {
    const upstream = record.subject?.upstream ?? record.upstream ?? "";
    increment(this.#versions, upstream, protocolVersionOf(record));
    const used = record.client?.used;
    if (used === undefined) return;
    for (const feature of used) increment(this.#features, upstream, feature);
  }

  register(registers: Registry[]): void {
    const [versions, features] = [this.#versions, this.#features];
    new Counter({
      name: "lutra_gateway_protocol_requests_total",
      help: "Requests, by upstream and protocol version",
      labelNames: ["upstream", "version"] as const,
      registers,
      collect() {
        this.reset();
        for (const [upstream, counts] of versions) {
          for (const [version, count] of counts) this.inc({ upstream, version }, count);
        }
      },
    });
    new Counter({
      name: "lutra_gateway_deprecated_uses_total",
      help: "Requests in which a deprecated feature was used, by upstream and feature",
      labelNames: ["upstream", "feature"] as const,
      registers,
      collect() {
        this.reset();
        for (const [upstream, counts] of features) {
          for (const [feature, count] of counts) this.inc({ upstream, feature }, count);
        }
      },
    });
  }
}

function increment(all: Map<string, Map<string, number>>, upstream: string, label: string): void {
  const counts = all.get(upstream) ?? added(all, upstream);
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function added(all: Map<string, Map<string, number>>, upstream: string): Map<string, number> {
  const name = all.size < maxUpstreams ? upstream : "";
  const counts = all.get(name) ?? new Map<string, number>();
  all.set(name, counts);
  return counts;
}
