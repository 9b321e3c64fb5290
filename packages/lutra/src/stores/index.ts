/** `lutra/stores`: what servers remember and share, and the versions that live in memory. */
export type { EventBus } from "./event-bus.ts";
export { createMemoryEventBus } from "./event-bus.ts";
export type { MemoryReplayGuardOptions, ReplayGuard } from "./replay-guard.ts";
export { createMemoryReplayGuard } from "./replay-guard.ts";
