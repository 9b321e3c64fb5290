/** The export of metrics with the SDK of OpenTelemetry. */
import { metrics } from "@opentelemetry/api";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { type Export, type ExportOptions, resourceOf, shutDown } from "./telemetry-resource.ts";

/** The times of the specification of OpenTelemetry, in milliseconds. */
const defaultIntervalMs = 60_000;
const defaultTimeoutMs = 30_000;

/** Registers a meter provider for the process. */
export function exportMetrics(options: ExportOptions): Export {
  const exportIntervalMillis = millisecondsIn("OTEL_METRIC_EXPORT_INTERVAL") ?? defaultIntervalMs;
  const timeoutMs = millisecondsIn("OTEL_METRIC_EXPORT_TIMEOUT") ?? defaultTimeoutMs;
  const provider = new MeterProvider({
    resource: resourceOf(options),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(),
        exportIntervalMillis,
        exportTimeoutMillis: Math.min(timeoutMs, exportIntervalMillis),
      }),
    ],
  });
  metrics.setGlobalMeterProvider(provider);
  return { close: () => shutDown(provider, options) };
}

/** Reads a variable that the reader of metrics, unlike the exporters, does not read itself. */
function millisecondsIn(variable: string): number | undefined {
  const value = Number(process.env[variable] ?? "");
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
