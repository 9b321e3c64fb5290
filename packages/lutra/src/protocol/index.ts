/** `lutra/protocol`: wire types, methods as data, errors and encodings. */
export type { ForbiddenOptions, UnauthorizedOptions } from "./authorization.ts";
export { forbidden, isPrincipal, requireScopes, unauthorized } from "./authorization.ts";
export type { CacheableResult, CacheHints, CacheScope } from "./caching.ts";
export { readCacheHints } from "./caching.ts";
export type { ClientCapabilities, ServerCapabilities } from "./capabilities.ts";
export { hasCapabilities, requireCapabilities } from "./capabilities.ts";
export type {
  CompleteParams,
  CompleteResult,
  Completion,
  CompletionReference,
} from "./completion.ts";
export { complete } from "./completion.ts";
export type {
  Annotations,
  AudioContent,
  ContentBlock,
  EmbeddedResource,
  ImageContent,
  ResourceLink,
  Role,
  TextContent,
} from "./content.ts";
export { text } from "./content.ts";
export type { DeprecatedFeature, Deprecation } from "./deprecations.ts";
export { deprecatedFeatureOf, deprecations } from "./deprecations.ts";
export type { DiscoverResult } from "./discover.ts";
export { discover } from "./discover.ts";
export type {
  ElicitContent,
  ElicitFormParams,
  ElicitParams,
  ElicitRequest,
  ElicitResult,
  ElicitURLParams,
  FieldSchema,
  RequestedSchema,
} from "./elicitation.ts";
export { formDefaults } from "./elicitation.ts";
export type { ErrorHead, ErrorReason, ProtocolErrorOptions } from "./errors.ts";
export { errorCodes, isProtocolError, ProtocolError } from "./errors.ts";
export type {
  Middleware,
  Principal,
  PrincipalClaims,
  RequestContext,
  Serve,
  Transport,
} from "./exchange.ts";
export { compose } from "./exchange.ts";
export type { HeaderParam } from "./header-params.ts";
export { encodeHeaderParams, headerParams, requireHeaderParams } from "./header-params.ts";
export {
  decodeHeaderValue,
  encodeHeaderValue,
  headerNames,
  requireEncodedHeader,
  requireHeader,
} from "./http-headers.ts";
export type { Icon } from "./icons.ts";
export { isSafeIconSource } from "./icons.ts";
export type {
  InputRequest,
  InputRequests,
  InputRequiredResult,
  InputResponse,
  InputResponses,
} from "./input-required.ts";
export { inputRequired, parseInputRequired } from "./input-required.ts";
export type { JSONObject, JSONValue } from "./json.ts";
export { canonicalJSON, isObject } from "./json.ts";
export type {
  EncodedResult,
  JSONRPCErrorResponse,
  JSONRPCNotification,
  JSONRPCRequest,
  JSONRPCResultResponse,
  RequestId,
  Result,
} from "./json-rpc.ts";
export {
  encodeError,
  encodeResult,
  isRequest,
  parseMessage,
  readId,
  resultBytes,
} from "./json-rpc.ts";
export type { LoggingLevel } from "./logging.ts";
export type { Implementation, ProgressToken, RequestMeta } from "./meta.ts";
export { isExtensionId, isMetaKey, isReservedMetaKey, metaKeys, parseRequestMeta } from "./meta.ts";
export type { Method } from "./method.ts";
export { defineMethod } from "./method.ts";
export { coreMethods } from "./methods.ts";
export type { Progress } from "./progress.ts";
export type {
  GetPromptParams,
  GetPromptResult,
  ListPromptsResult,
  Prompt,
  PromptArgument,
  PromptMessage,
} from "./prompts.ts";
export { getPrompt, listPrompts } from "./prompts.ts";
export type {
  BlobResourceContents,
  ResourceContents,
  TextResourceContents,
} from "./resource-contents.ts";
export type {
  ListResourcesResult,
  ListResourceTemplatesResult,
  ReadResourceParams,
  ReadResourceResult,
  Resource,
  ResourceTemplate,
} from "./resources.ts";
export { listResources, listResourceTemplates, readResource } from "./resources.ts";
export type { Root } from "./roots.ts";
export type { CreateMessageParams, CreateMessageResult, SamplingMessage } from "./sampling.ts";
export type { ServerTypes, Typed, TypesOf } from "./server-types.ts";
export type { ListChanged, ListenParams, SubscriptionFilter } from "./subscriptions.ts";
export {
  acknowledgedMethod,
  listChangedMethods,
  listen,
  resourceUpdatedMethod,
  subscriptionIdOf,
  withSubscriptionId,
} from "./subscriptions.ts";
export type {
  CallToolParams,
  CallToolResult,
  ListToolsResult,
  Tool,
  ToolAnnotations,
} from "./tools.ts";
export { callTool, isPortableName, listTools } from "./tools.ts";
export type { TraceContext } from "./trace-context.ts";
export { readTraceContext } from "./trace-context.ts";
export type { TransportErrorReason } from "./transport-error.ts";
export { isTransportError, TransportError } from "./transport-error.ts";
export type { TemplateVariables, URITemplate } from "./uri-template.ts";
export { parseURITemplate } from "./uri-template.ts";
export {
  latestVersion,
  legacyVersions,
  legacyVersionsOf,
  modernVersions,
  requireVersion,
  requireVersionHeader,
} from "./versioning.ts";
