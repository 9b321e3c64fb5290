/**
 * `lutra/otel`: spans and metrics of clients and servers, by OpenTelemetry. Needs `@opentelemetry/api`.
 * They are recorded once the application has registered an SDK.
 */
// For gateways and other programs that create spans themselves.
export { identify, type NamedRequest, type SpanIdentity } from "./attributes.ts";
export type { TraceCacheOptions } from "./cache.ts";
export { traceCache } from "./cache.ts";
export { traceContextOf, withRemoteParent } from "./carrier.ts";
export { traceClient } from "./client.ts";
export type { TracingOptions } from "./request-span.ts";
export { traceServer } from "./server.ts";
export { traceStores } from "./stores.ts";
