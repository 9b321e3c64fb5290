/** `@lutra/gateway`: one endpoint over a fleet. */

export { describeEra } from "./bridge/era-in-words.ts";
export type { CompleteConfig } from "./config/complete-routes.ts";
export type { ConfigProblem } from "./config/config-error.ts";
export { ConfigError } from "./config/config-error.ts";
export { defineGateway } from "./config/define-gateway.ts";
export { hideSecrets } from "./config/hide-secrets.ts";
export type { LoadedConfig, LoadOptions } from "./config/load.ts";
export { loadConfig } from "./config/load.ts";
export type { ParsedConfig } from "./config/parse-config.ts";
export { parseConfig } from "./config/parse-config.ts";
export type { Config, ConfigInput } from "./config/schema.ts";
export type { EraReport, EraVerdict } from "./eras/era-report.ts";
export type { EraRow, FeatureCounts } from "./eras/era-table.ts";
export type { ExportedConfig, ExportTarget } from "./export/export-config.ts";
export { exportConfig, exportTargets } from "./export/export-config.ts";
export type { Gateway } from "./gateway.ts";
export { startGateway } from "./gateway.ts";
export type { Authenticate, GatewayOptions } from "./gateway-options.ts";
export type { Head } from "./head/head.ts";
export { ListenError } from "./listen-error.ts";
export type { LogStream } from "./log/access-log.ts";
export type { ProcessOptions } from "./processes/run-process.ts";
export { runGatewayProcess } from "./processes/run-process.ts";
export { processNotes, requireShareable } from "./processes/several.ts";
export type { GatewayProcesses, GatewayProcessesOptions } from "./processes/start-processes.ts";
export { startGatewayProcesses } from "./processes/start-processes.ts";
export type { ReplicaStatus } from "./replicas/replica.ts";
export type { Explanation, Question } from "./routes/explain.ts";
export { explainRoutes } from "./routes/explain.ts";
export type {
  ConcurrencyLimiter,
  Leave,
  OpenShared,
  SharedStores,
} from "./shared/shared-stores.ts";
export type {
  ModuleSpec,
  RunModule,
  RunningModule,
  RunningReplica,
} from "./upstreams/module-upstream.ts";
export type { UpstreamStatus } from "./upstreams/upstream.ts";
