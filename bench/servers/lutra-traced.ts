/** The server of `lutra.ts` with `traceServer`, and an SDK for `spans` and `metrics` if asked for. */
import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { serveHttp } from "lutra/node";
import { traceServer } from "lutra/otel";
import server from "../../examples/bench/server.ts";
import { report } from "./report.ts";

/** Discards all spans, because the cost of a collector is not measured. */
const exporter = {
  export: (_spans: unknown, done: (result: { readonly code: number }) => void) => done({ code: 0 }),
  shutdown: async () => {},
};

class NeverCollected extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

const wanted = process.argv.slice(2);
if (wanted.includes("spans")) {
  new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }).register();
}
if (wanted.includes("metrics")) {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new NeverCollected()] }));
}
server.share({ observer: traceServer() });
const { port } = await serveHttp(server, { port: 0 });
report(port);
