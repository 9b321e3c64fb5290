/** `createServer`: servers with every feature. */
import { createJSONSchemaValidator } from "../schema/json-schema.ts";
import { createMemoryHandleStore } from "../stores/memory-handle-store.ts";
import { createMemoryReplayGuard } from "../stores/memory-replay-guard.ts";
import { compileServer, type Server, type TypesOfDefinitions } from "./compile-server.ts";
import { allEntries } from "./entries.ts";
import { extensionSupport } from "./extension-host.ts";
import type { Features } from "./features.ts";
import { executeWithReplay } from "./handler/replayed-round.ts";
import { createRequestStates } from "./handler/request-state.ts";
import type { PromptDefinition } from "./prompts.ts";
import type { ResourceTemplateDefinition } from "./resources.ts";
import type { ServerOptions } from "./server-options.ts";
import type { ToolDefinition } from "./tools.ts";

const allFeatures: Features = {
  createValidator: createJSONSchemaValidator,
  execute: executeWithReplay,
  createStates: createRequestStates,
  createHandles: createMemoryHandleStore,
  createReplayGuard: createMemoryReplayGuard,
  entries: allEntries,
  extensions: extensionSupport,
};

/**
 * Creates a server from definitions.
 *
 * @throws {TypeError} for invalid definitions or options
 * @example
 * ```ts
 * export default createServer({ name: "calculator", version: "1.0.0", tools: [add] });
 * ```
 */
export function createServer<
  const Tools extends readonly ToolDefinition[] = readonly [],
  const Prompts extends readonly PromptDefinition[] = readonly [],
  const Templates extends readonly ResourceTemplateDefinition[] = readonly [],
>(
  options: ServerOptions<Tools, Prompts, Templates>,
): Server<TypesOfDefinitions<Tools, Prompts, Templates>> {
  return compileServer(options, allFeatures);
}
