/** `lutra/testing`: what tests of servers and clients need. */

// For those who test a client, a gateway or a middleware of their own.
export type { MemoryTransportOptions } from "../transport/memory.ts";
export { createMemoryTransport } from "../transport/memory.ts";
// For users.
export type { ConnectOptions } from "./connect.ts";
export { connect } from "./connect.ts";
// For those who write a store of their own.
export type { ContractCase } from "./contracts/contract-case.ts";
export type { SharedEventBuses } from "./contracts/event-bus-contract.ts";
export { eventBusContract } from "./contracts/event-bus-contract.ts";
export { handleStoreContract } from "./contracts/handle-store-contract.ts";
export { replayGuardContract } from "./contracts/replay-guard-contract.ts";
export { responseCacheContract } from "./contracts/response-cache-contract.ts";
export type { LoseProcess } from "./contracts/task-lost-run-cases.ts";
export type { OpenTaskStores, TaskStoreContractOptions } from "./contracts/task-store-contract.ts";
export { taskStoreContract } from "./contracts/task-store-contract.ts";
export type { ManualClock } from "./manual-clock.ts";
export { createManualClock } from "./manual-clock.ts";
export type { NotificationRecord } from "./record-notifications.ts";
export { recordNotifications } from "./record-notifications.ts";
