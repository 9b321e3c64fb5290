/** The subscriptions that clients have open. */
import type { OpenSubscription } from "@lutra/console";
import type { SubscriptionFilter } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";

/** Maximum number of resources in a filter that are shown. */
const maxUris = 50;

export class OpenSubscriptions {
  readonly #open = new Map<ExchangeRecord, SubscriptionFilter>();

  get size(): number {
    return this.#open.size;
  }

  add(record: ExchangeRecord, filter: SubscriptionFilter): void {
    this.#open.set(record, filter);
  }

  delete(record: ExchangeRecord): void {
    this.#open.delete(record);
  }

  /** Returns up to `max` subscriptions, the oldest first. */
  list(max: number): readonly OpenSubscription[] {
    return [...this.#open].slice(0, max).map(([record, filter]) => shown(record, filter));
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
