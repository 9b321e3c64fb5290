/** `lutra/testing`: what tests of servers and clients need. */

// For those who test a client, a gateway or a middleware of their own.
export type { MemoryTransportOptions } from "../transport/memory.ts";
export { createMemoryTransport } from "../transport/memory.ts";
export type { ConnectOptions } from "./connect.ts";
export { connect } from "./connect.ts";
export type { ManualClock } from "./manual-clock.ts";
export { createManualClock } from "./manual-clock.ts";
export type { NotificationRecord } from "./record-notifications.ts";
export { recordNotifications } from "./record-notifications.ts";
