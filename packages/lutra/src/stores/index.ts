/** `lutra/stores`: the interfaces of stores and buses, and their versions in memory. */
export { createEncodedResponseCache } from "./encoded-response-cache.ts";
export type { EventBus, EventListener } from "./event-bus.ts";
export { eventGapTopic } from "./event-bus.ts";
export type { HandleStore, StoredHandle } from "./handle-store.ts";
export type { EventBusOptions } from "./memory-event-bus.ts";
export { createMemoryEventBus } from "./memory-event-bus.ts";
export type { MemoryHandleStoreOptions } from "./memory-handle-store.ts";
export { createMemoryHandleStore } from "./memory-handle-store.ts";
export type { MemoryRateLimiterOptions } from "./memory-rate-limiter.ts";
export { createMemoryRateLimiter } from "./memory-rate-limiter.ts";
export type { MemoryReplayGuardOptions } from "./memory-replay-guard.ts";
export { createMemoryReplayGuard } from "./memory-replay-guard.ts";
export type { MemoryResponseCache } from "./memory-response-cache.ts";
export { createMemoryResponseCache } from "./memory-response-cache.ts";
export type { MemoryTaskStoreOptions } from "./memory-task-store.ts";
export { createMemoryTaskStore } from "./memory-task-store.ts";
export type { EventRelay, ProcessChannel, ProcessEventBus } from "./process-event-bus.ts";
export { createProcessEventBus, relayEvents } from "./process-event-bus.ts";
export type { RateDecision, RateLimiter } from "./rate-limiter.ts";
export type { ReplayGuard } from "./replay-guard.ts";
export type { CachedResponse, ResponseCache } from "./response-cache.ts";
export { noResponseCache } from "./response-cache.ts";
export type { ResponseCacheKey, ResponseCacheMatch } from "./response-cache-key.ts";
export type {
  ListedResponse,
  MemoryResponseCacheOptions,
  ResponseCacheSize,
} from "./response-lru.ts";
export { retryPauseMs } from "./retry-pause.ts";
export { StoreUnavailableError } from "./store-unavailable-error.ts";
export type {
  HeldTask,
  ListedTask,
  StoredTask,
  TakenTask,
  TaskOrder,
  TaskStore,
  TaskWorker,
  TaskWorkerOptions,
} from "./task-store.ts";
