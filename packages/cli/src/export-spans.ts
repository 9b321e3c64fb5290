/** The export of spans with the SDK of OpenTelemetry, which reads the `OTEL_` variables itself. */
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { traceServer } from "lutra/otel";
import type { Observer } from "lutra/server";

export interface Tracing {
  /** Records the spans of a server. */
  readonly observer: Observer;
  /** Exports the remaining spans. */
  readonly close: () => Promise<void>;
}

export interface ExportOptions {
  /** The service in the spans, unless the environment names one. */
  readonly serviceName: string;
  readonly version: string;
  /** Time after which the export of the remaining spans is given up, in milliseconds. */
  readonly closeMs: number;
}

/** Registers a tracer provider for the process. */
export function exportSpans({ serviceName, version, closeMs }: ExportOptions): Tracing {
  const own = {
    "service.name": serviceName,
    "service.version": version,
    "process.pid": process.pid,
  };
  const provider = new NodeTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes(own))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  return {
    observer: traceServer(),
    close: async () => {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, closeMs).unref();
      });
      // A collector that is unavailable must not fail the program.
      await Promise.race([provider.shutdown().catch(() => {}), late]);
    },
  };
}
