/** Loads the part of the gateway that needs OpenTelemetry. */
import { loadOptional } from "lutra/internal";
import type { StartMeter } from "./gateway-meter.ts";
import type { StartTrace } from "./start-trace.ts";

/** The parts of a gateway that record with OpenTelemetry. */
export interface Tracing {
  /** Starts the spans of exchanges. */
  readonly startTrace: StartTrace;
  /** Undefined if the application has registered no meter provider. */
  readonly startMeter: StartMeter | undefined;
}

/**
 * Loads the functions that start spans and metrics.
 *
 * @throws {MissingPackageError} if `@opentelemetry/api` is not installed
 */
export async function loadTracing(): Promise<Tracing> {
  const api = { name: "@opentelemetry/api", feature: "tracing" };
  const { createStartTrace } = await loadOptional(api, () => import("./open-telemetry.ts"));
  const { createStartMeter } = await import("./open-metrics.ts");
  return { startTrace: createStartTrace(), startMeter: createStartMeter() };
}
