/** The metrics of a gateway, as its other parts see them. A gateway without tracing records none. */
import type { Method, Middleware } from "lutra/protocol";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";

export interface GatewayMeter {
  /** Records an exchange that has ended, with its HTTP status. */
  readonly observe: (record: ExchangeRecord, status: number) => void;
  /** Counts the subscriptions that are open. */
  readonly middleware: Middleware;
  /** Ends the observation of the state. */
  readonly close: () => void;
}

/** The state that is read for each export. */
export interface MeterSources {
  /** Methods of extensions, beside those of the core protocol. */
  readonly methods: readonly Method[];
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly cache: () => { readonly bytes: number; readonly entries: number } | undefined;
}

/** Creates the metrics of one gateway. */
export type StartMeter = (sources: MeterSources) => GatewayMeter;
