/** Loads the part of the gateway that needs OpenTelemetry. */
import { loadOptional } from "lutra/internal";
import type { StartTrace } from "./start-trace.ts";

/**
 * Returns the function that starts the spans of exchanges.
 *
 * @throws {MissingPackageError} if `@opentelemetry/api` is not installed
 */
export async function loadTracing(): Promise<StartTrace> {
  const api = { name: "@opentelemetry/api", feature: "tracing" };
  const { createStartTrace } = await loadOptional(api, () => import("./open-telemetry.ts"));
  return createStartTrace();
}
