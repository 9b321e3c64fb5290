/** `lutra/testing`: tools for tests of servers, clients and stores. */

// For tests of custom clients, gateways and middleware.
export type { MemoryTransportOptions } from "../transport/memory.ts";
export { createMemoryTransport } from "../transport/memory.ts";
// For tests of protected servers.
export type { ProtectedServer } from "./authorization/protected-server.ts";
export type { ResourceServerContractOptions } from "./authorization/resource-server-contract.ts";
export { resourceServerContract } from "./authorization/resource-server-contract.ts";
export type {
  TestClaims,
  TestIssuer,
  TestIssuerOptions,
  TestKey,
} from "./authorization/test-issuer.ts";
export { createTestIssuer } from "./authorization/test-issuer.ts";
// For tests of servers.
export type { ConnectOptions } from "./connect.ts";
export { connect } from "./connect.ts";
// For tests of custom stores.
export type { ContractCase } from "./contracts/contract-case.ts";
export type { SharedEventBuses } from "./contracts/event-bus-contract.ts";
export { eventBusContract } from "./contracts/event-bus-contract.ts";
export { handleStoreContract } from "./contracts/handle-store-contract.ts";
export { replayGuardContract } from "./contracts/replay-guard-contract.ts";
export { responseCacheContract } from "./contracts/response-cache-contract.ts";
export type { LoseProcess } from "./contracts/task-lost-attempt-cases.ts";
export type { OpenTaskStores, TaskStoreContractOptions } from "./contracts/task-store-contract.ts";
export { taskStoreContract } from "./contracts/task-store-contract.ts";
export { tokenStoreContract } from "./contracts/token-store-contract.ts";
export type { ManualClock } from "./manual-clock.ts";
export { createManualClock } from "./manual-clock.ts";
export type { NotificationRecord } from "./record-notifications.ts";
export { recordNotifications } from "./record-notifications.ts";
