/** The instruments of one side, by the OpenTelemetry semantic conventions for MCP. */
import {
  type Attributes,
  type Counter,
  createNoopMeter,
  type Histogram,
  type Meter,
  type MeterProvider,
  metrics,
  type UpDownCounter,
} from "@opentelemetry/api";

/** A client, or a server. */
export type Side = "client" | "server";

export interface Instruments {
  /** Durations of requests, in seconds. */
  readonly duration: Histogram<Attributes>;
  /** Requests in flight, except subscriptions. */
  readonly active: UpDownCounter<Attributes>;
  /** Open subscriptions. */
  readonly subscriptions: UpDownCounter<Attributes>;
  /** Tasks that have entered a status. */
  readonly tasks: Counter<Attributes>;
}

/** The bucket boundaries that the conventions recommend, in seconds. */
const boundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

/**
 * Returns a function for the instruments of the meter, or of the SDK that is registered when it is
 * called. It returns undefined while there is none.
 */
export function instrumentsOf(
  side: Side,
  options: { readonly meter?: Meter },
): () => Instruments | undefined {
  return onceFor(options, (meter) => create(side, meter));
}

/** Returns such a function for the counter of lookups in the cache of a client. */
export function cacheLookupsOf(options: {
  readonly meter?: Meter;
}): () => Counter<Attributes> | undefined {
  return onceFor(options, (meter) =>
    meter.createCounter("lutra.client.cache.lookups", {
      description: "Lookups in the response cache",
      unit: "{lookup}",
    }),
  );
}

function onceFor<Created>(
  { meter }: { readonly meter?: Meter },
  createFor: (meter: Meter) => Created,
): () => Created | undefined {
  if (meter !== undefined) {
    const own = createFor(meter);
    return () => own;
  }
  let known: MeterProvider | undefined;
  let created: Created | undefined;
  return () => {
    const provider = metrics.getMeterProvider();
    if (provider === known) return created;
    known = provider;
    const found = provider.getMeter("lutra");
    created = found === createNoopMeter() ? undefined : createFor(found);
    return created;
  };
}

function create(side: Side, meter: Meter): Instruments {
  return {
    duration: meter.createHistogram(`mcp.${side}.operation.duration`, {
      description: "Duration of requests; that of a subscription until its acknowledgement",
      unit: "s",
      advice: { explicitBucketBoundaries: boundaries },
    }),
    active: meter.createUpDownCounter(`lutra.${side}.active_requests`, {
      description: "Requests in flight, except subscriptions",
      unit: "{request}",
    }),
    subscriptions: meter.createUpDownCounter(`lutra.${side}.subscriptions`, {
      description: "Open subscriptions",
      unit: "{subscription}",
    }),
    tasks: meter.createCounter(`lutra.${side}.tasks`, {
      description: "Tasks that have entered a status",
      unit: "{task}",
    }),
  };
}
