/** `lutra/middleware`: wrappers of a `Serve`, for servers and clients. */
export { compose } from "../protocol/exchange.ts";
// For gateways and other programs that cache responses for several callers.
export type { CacheStatus } from "./cache-status.ts";
export { cacheStatusOf } from "./cache-status.ts";
export type { Caching, CachingOptions } from "./caching.ts";
export { createCaching } from "./caching.ts";
export { deadline } from "./deadline.ts";
export { joinCallers } from "./join-callers.ts";
export { isOutage } from "./outage.ts";
export type { RateLimitOptions } from "./rate-limit.ts";
export { rateLimit } from "./rate-limit.ts";
export type { Revalidation, RevalidationOptions } from "./revalidation.ts";
export { createRevalidation } from "./revalidation.ts";
export type { Join } from "./shared-requests.ts";
export type { StaleResponses } from "./stale-after.ts";
export { staleAfter, staleWithout } from "./stale-after.ts";
export type { SwitchableFeature } from "./switch-off.ts";
export { switchableFeatures, switchOff } from "./switch-off.ts";
