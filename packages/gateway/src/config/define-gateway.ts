import type { ConfigInput } from "./schema.ts";

/**
 * Returns the configuration unchanged; gives it a type in TypeScript. Keys with a default are
 * optional.
 *
 * @example
 * export default defineGateway({
 *   upstreams: {
 *     atlas: { url: ["http://10.0.0.1:3000/mcp", "http://10.0.0.2:3000/mcp"] },
 *     notes: { command: ["notes-server", "--stdio"] },
 *   },
 * });
 */
export function defineGateway(config: ConfigInput): ConfigInput {
  return config;
}
