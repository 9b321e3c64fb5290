/** `@lutra/console`: the page, its access rules, and the backend of its views. */
export { ApiError } from "./api-error.ts";
export type {
  ApiCall,
  ApiRequest,
  ApiRoute,
  ApiStream,
  SendEvent,
  StreamRequest,
} from "./api-route.ts";
export type { AppSandbox, AppSandboxOptions } from "./app-sandbox.ts";
export { openAppSandbox } from "./app-sandbox.ts";
export type { Console, ConsoleOptions } from "./create-console.ts";
export { createConsole } from "./create-console.ts";
export type { Explorer } from "./explore/explorer.ts";
export { createExplorer } from "./explore/explorer.ts";
export type { ConnectedClient, ExploredTarget, ExplorerOptions } from "./explore/target.ts";
export type * from "./fleet-api.ts";
export type * from "./traces-api.ts";
