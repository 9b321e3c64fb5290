/**
 * `lutra/client` for browsers and edge platforms. Node and Deno load `node.ts`, which exports the same
 * names and adds commands and a faster HTTP client. Bun loads `bun.ts`, which adds commands.
 */
import { createHttpTransport } from "../transport/http/client-fetch.ts";
import { withEras } from "../transport/http/era-transport.ts";
import { type CreateClient, clientFactory } from "./create-client.ts";
import { connectBy } from "./target.ts";

export const createClient: CreateClient = clientFactory(
  connectBy({
    createHttpTransport: withEras(createHttpTransport, () => import("../legacy/client/index.ts")),
  }),
);

// For users.

export type { CacheStatus } from "../middleware/cache-status.ts";
export { cacheStatusOf } from "../middleware/cache-status.ts";
export { isProtocolError, ProtocolError } from "../protocol/errors.ts";
export { isTransportError, TransportError } from "../protocol/transport-error.ts";
export type { MemoryResponseCache } from "../stores/memory-response-cache.ts";
export { createMemoryResponseCache } from "../stores/memory-response-cache.ts";
export type { CachedResponse, ResponseCache } from "../stores/response-cache.ts";
export { noResponseCache } from "../stores/response-cache.ts";
export type { ResponseCacheKey, ResponseCacheMatch } from "../stores/response-cache-key.ts";
export type { MemoryResponseCacheOptions, ResponseCacheSize } from "../stores/response-lru.ts";
export type { EraOptions, EraVerdict, EraVerdicts, ServerEra } from "../transport/era.ts";
export type { HttpHeaders, HttpTransportOptions } from "../transport/http/client.ts";
export { createHttpTransport } from "../transport/http/client-fetch.ts";
export type {
  Client,
  ClientMembers,
  ClientOf,
  PromptArguments,
  PromptName,
  ToolArguments,
  ToolContent,
  ToolFailure,
  ToolName,
  ToolSuccess,
  TypedCompleteParams,
  TypedToolResult,
} from "./client-types.ts";
export type { CreateClient } from "./create-client.ts";
export type { ElicitHandler, ElicitInfo } from "./elicitation.ts";
export type { InputInfo } from "./input-info.ts";
export { isInputRequired } from "./input-required.ts";
export type { ClientOptions } from "./options.ts";
export type { InputMode, InputOptions, RequestOptions } from "./request-options.ts";
export type { RootsHandler } from "./roots.ts";
export type { SampleHandler } from "./sampling.ts";
export type { ListenOptions, Subscription } from "./subscription.ts";
export type { ServeTarget, Target } from "./target.ts";

// For extensions.

export type {
  Asked,
  ClientExtension,
  ClientHost,
  FollowedCall,
  InstalledClientExtension,
} from "./extension.ts";
