/** The exports of `lutra/client` that are the same on all platforms. */

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
