/** The server of `lutra.ts` with `traceServer`, and an SDK for `spans` and `metrics` if asked for. */
import { metrics } from "@opentelemetry/api";
import { serveHttp } from "lutra/node";
import { traceServer } from "lutra/otel";
import server from "../../examples/bench/server.ts";
import { report } from "./report.ts";

/** Discards all spans, because the cost of a collector is not measured. */
const exporter = {
  export: (_spans: unknown, done: (result: { readonly code: number }) => void) => done({ code: 0 }),
  shutdown: async () => {},
};

// The SDK is loaded only if it is asked for, as in a program without one.
const wanted = process.argv.slice(2);
if (wanted.includes("spans")) await recordSpans();
if (wanted.includes("metrics")) await recordMetrics();
server.share({ observer: traceServer() });
const { port } = await serveHttp(server, { port: 0 });
report(port);

async function recordSpans(): Promise<void> {
  const sdk = await import("@opentelemetry/sdk-trace-node");
  const spanProcessors = [new sdk.BatchSpanProcessor(exporter)];
  new sdk.NodeTracerProvider({ spanProcessors }).register();
}

async function recordMetrics(): Promise<void> {
  const { MeterProvider, MetricReader } = await import("@opentelemetry/sdk-metrics");
  class NeverCollected extends MetricReader {
    protected override async onShutdown(): Promise<void> {}
    protected override async onForceFlush(): Promise<void> {}
  }
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new NeverCollected()] }));
}
