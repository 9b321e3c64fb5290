/**
 * `@lutra/migrate`: reads MCP servers and clients that use other SDKs, and reports how they move to
 * the stateless revision. The command `lutra migrate` is its user interface.
 */

export type { Finding } from "./find.ts";
export type { MigrateOptions } from "./migrate.ts";
export { migrate } from "./migrate.ts";
export type { Report, WrittenFile } from "./report.ts";
export { rules } from "./rules/index.ts";
export type { Level, Pattern, Rule } from "./rules/rule.ts";
export type { Fact } from "./source/facts.ts";
export type { UnreadFile } from "./source/find-sources.ts";
export type { Sdk } from "./source/sdks.ts";
