/** The subscriptions that clients have open. */
import type { OpenSubscription } from "@lutra/console";
import type { SubscriptionFilter } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";

/** Maximum number of resources in a filter that are shown. */
const maxUris = 50;

export class OpenSubscriptions {
  readonly #open = new Map<ExchangeRecord, SubscriptionFilter>();
  /** Those at other processes of the gateway. */
  readonly #others = new Map<unknown, readonly OpenSubscription[]>();

  get size(): number {
    let size = this.#open.size;
    for (const others of this.#others.values()) size += others.length;
    return size;
  }

  add(record: ExchangeRecord, filter: SubscriptionFilter): void {
    this.#open.set(record, filter);
  }

  delete(record: ExchangeRecord): void {
    this.#open.delete(record);
  }

  /** Sets the subscriptions at another process. */
  setOthers(process: unknown, subscriptions: readonly OpenSubscription[]): void {
    if (subscriptions.length > 0) this.#others.set(process, subscriptions);
    else this.#others.delete(process);
  }

  /** Returns up to `max` subscriptions, those of one process after the other, the oldest first. */
  list(max: number): readonly OpenSubscription[] {
    const own = [...this.#open].slice(0, max).map(([record, filter]) => shown(record, filter));
    return [...own, ...[...this.#others.values()].flat()].slice(0, max);
  }
}

function shown(record: ExchangeRecord, filter: SubscriptionFilter): OpenSubscription {
  const info = record.client?.session?.clientInfo ?? record.client?.meta?.clientInfo;
  const uris = filter.resourceSubscriptions?.slice(0, maxUris);
  return {
    since: Math.round(performance.timeOrigin + record.startedAt),
    principal: record.principal,
    client: info && `${info.name} ${info.version}`,
    address: record.head.address,
    route: record.route,
    upstream: record.upstream,
    filter: { ...filter, ...(uris && { resourceSubscriptions: uris }) },
  };
}
