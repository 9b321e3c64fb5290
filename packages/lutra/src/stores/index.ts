/** `lutra/stores`: what servers remember and share, and the versions that live in memory. */
export { createEncodedResponseCache } from "./encoded-response-cache.ts";
export type { EventBus, EventBusOptions, EventListener } from "./event-bus.ts";
export { createMemoryEventBus, eventGapTopic } from "./event-bus.ts";
export type { HandleStore, StoredHandle } from "./handle-store.ts";
export type { MemoryHandleStoreOptions } from "./memory-handle-store.ts";
export { createMemoryHandleStore } from "./memory-handle-store.ts";
export type { MemoryTaskStoreOptions } from "./memory-task-store.ts";
export { createMemoryTaskStore } from "./memory-task-store.ts";
export type { EventRelay, ProcessChannel, ProcessEventBus } from "./process-event-bus.ts";
export { createProcessEventBus, relayEvents } from "./process-event-bus.ts";
export type { MemoryRateLimiterOptions, RateDecision, RateLimiter } from "./rate-limiter.ts";
export { createMemoryRateLimiter } from "./rate-limiter.ts";
export type { MemoryReplayGuardOptions, ReplayGuard } from "./replay-guard.ts";
export { createMemoryReplayGuard } from "./replay-guard.ts";
export type {
  CachedResponse,
  MemoryResponseCache,
  ResponseCache,
  ResponseCacheKey,
  ResponseCacheMatch,
} from "./response-cache.ts";
export { createMemoryResponseCache, noResponseCache } from "./response-cache.ts";
export type { MemoryResponseCacheOptions, ResponseCacheSize } from "./response-lru.ts";
export { retryPauseMs } from "./retry-pause.ts";
export { StoreUnavailableError } from "./store-unavailable-error.ts";
export type {
  HeldTask,
  StoredTask,
  TakenTask,
  TaskOrder,
  TaskStore,
  TaskWorker,
  TaskWorkerOptions,
} from "./task-store.ts";
