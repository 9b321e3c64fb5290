/** The times and refusals of exchanges by upstream, and the bytes of all exchanges. */
import { Counter, type Registry } from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import { Durations, durationMetric } from "./duration-histogram.ts";

interface UpstreamTimes {
  readonly connect: Durations;
  readonly wait: Durations;
  /** The numbers of requests that the gateway refused or aborted, by reason: a word of ours. */
  readonly refusals: Map<string, number>;
}

export class UpstreamTimesTable {
  readonly #byUpstream = new Map<string, UpstreamTimes>();
  #bytesIn = 0;
  #bytesOut = 0;

  observe({ upstream = "", connectMs, answerMs, reason, head, bytesOut }: ExchangeRecord): void {
    this.#bytesIn += Number(head.sent?.["content-length"] ?? 0) || 0;
    this.#bytesOut += bytesOut;
    if (connectMs === undefined && reason === undefined) return;
    const times = this.#of(upstream);
    if (connectMs !== undefined) times.connect.observe(connectMs);
    if (answerMs !== undefined) times.wait.observe(answerMs);
    if (reason !== undefined) times.refusals.set(reason, (times.refusals.get(reason) ?? 0) + 1);
  }

  /** Drops the series of upstreams that the configuration no longer has. */
  keepOnly(upstreams: ReadonlySet<string>): void {
    for (const name of this.#byUpstream.keys()) {
      if (name !== "" && !upstreams.has(name)) this.#byUpstream.delete(name);
    }
  }

  register(registry: Registry): void {
    const connect = {
      name: "lutra_gateway_upstream_connect_seconds",
      help: "Time from the choice of a replica to the start of the request, in seconds",
    };
    const wait = {
      name: "lutra_gateway_upstream_duration_seconds",
      help: "Time from the start of a request to the head of the replica's response, in seconds",
    };
    registry.registerMetric(durationMetric(connect, () => this.#durations("connect")));
    registry.registerMetric(durationMetric(wait, () => this.#durations("wait")));
    this.#registerCounters([registry]);
  }

  *#durations(kind: "connect" | "wait") {
    for (const [upstream, times] of this.#byUpstream) {
      yield { labels: { upstream }, durations: times[kind] };
    }
  }

  #registerCounters(registers: Registry[]): void {
    const byUpstream = this.#byUpstream;
    new Counter({
      name: "lutra_gateway_refusals_total",
      help: "Requests that the gateway refused, shed or aborted, by upstream and reason",
      labelNames: ["upstream", "reason"] as const,
      registers,
      collect() {
        this.reset();
        for (const [upstream, { refusals }] of byUpstream) {
          for (const [reason, count] of refusals) this.inc({ upstream, reason }, count);
        }
      },
    });
    const bytes = () => ({ in: this.#bytesIn, out: this.#bytesOut });
    new Counter({
      name: "lutra_gateway_bytes_total",
      help: "Bytes of request bodies, as declared (in), and of responses with their heads (out)",
      labelNames: ["direction"] as const,
      registers,
      collect() {
        this.reset();
        for (const [direction, count] of Object.entries(bytes())) this.inc({ direction }, count);
      },
    });
  }

  #of(upstream: string): UpstreamTimes {
    const known = this.#byUpstream.get(upstream);
    if (known !== undefined) return known;
    const times = { connect: new Durations(), wait: new Durations(), refusals: new Map() };
    this.#byUpstream.set(upstream, times);
    return times;
  }
}
