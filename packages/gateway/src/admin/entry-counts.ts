/** The counts of calls by upstream and entry: tools and prompts, under their upstream's own names. */
import { Counter, type Registry } from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import { referenceOfHead } from "../subjects/reference.ts";

/** Maximum number of entries with a series of their own; further ones are counted as "other". */
const maxEntries = 1000;

interface EntryCount {
  readonly upstream: string;
  readonly kind: string;
  readonly name: string;
  succeeded: number;
  failed: number;
}

export class EntryCounts {
  readonly #counts = new Map<string, EntryCount>();

  /** Counts an exchange that has ended, if it addresses a tool or a prompt of an upstream. */
  observe({ upstream, subject, head, code }: ExchangeRecord, status: number): void {
    const reference = referenceOfHead(head);
    if (upstream === undefined || reference === undefined) return;
    const { kind, name } = subject ?? reference;
    if (kind !== "tool" && kind !== "prompt") return;
    const isSuccess = status === 200 && code === undefined;
    const count = this.#find({ upstream, kind, name }, isSuccess);
    if (isSuccess) count.succeeded += 1;
    else count.failed += 1;
  }

  /**
   * Returns the count of an entry. Clients choose the names that they call, so a name gets a series
   * only when its upstream has answered a call without an error.
   */
  #find(entry: Omit<EntryCount, "succeeded" | "failed">, isSuccess: boolean): EntryCount {
    const key = keyOf(entry);
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    if (isSuccess && this.#counts.size < maxEntries) return this.#add(key, entry);
    const other = { upstream: entry.upstream, kind: entry.kind, name: "other" };
    return this.#counts.get(keyOf(other)) ?? this.#add(keyOf(other), other);
  }

  #add(key: string, entry: Omit<EntryCount, "succeeded" | "failed">): EntryCount {
    const added = { ...entry, succeeded: 0, failed: 0 };
    this.#counts.set(key, added);
    return added;
  }

  register(registers: Registry[]): void {
    const counts = this.#counts;
    new Counter({
      name: "lutra_gateway_calls_total",
      help: "Calls of tools and prompts, by upstream, kind, the upstream's own name and outcome",
      labelNames: ["upstream", "kind", "name", "outcome"] as const,
      registers,
      collect() {
        this.reset();
        for (const { succeeded, failed, ...labels } of counts.values()) {
          this.inc({ ...labels, outcome: "ok" }, succeeded);
          this.inc({ ...labels, outcome: "error" }, failed);
        }
      },
    });
  }
}

function keyOf({ upstream, kind, name }: Omit<EntryCount, "succeeded" | "failed">): string {
  return `${upstream} ${kind} ${name}`;
}
