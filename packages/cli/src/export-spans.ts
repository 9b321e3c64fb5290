/** The export of spans with the SDK of OpenTelemetry, which reads the `OTEL_` variables itself. */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { type Export, type ExportOptions, resourceOf, shutDown } from "./telemetry-resource.ts";

/** Registers a tracer provider for the process. */
export function exportSpans(options: ExportOptions): Export {
  const provider = new NodeTracerProvider({
    resource: resourceOf(options),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  return { close: () => shutDown(provider, options) };
}
