/** `lutra/server`: declare a server once and serve it over every transport. */

// For users.

export type { ForbiddenOptions, UnauthorizedOptions } from "../protocol/authorization.ts";
export { forbidden, requireScopes, unauthorized } from "../protocol/authorization.ts";
export { text } from "../protocol/content.ts";
export { isProtocolError, ProtocolError } from "../protocol/errors.ts";
export type { Principal, PrincipalClaims } from "../protocol/exchange.ts";
export type {
  JSONSchemaValidator,
  JSONSchemaValidatorOptions,
  Validate,
} from "../schema/json-schema.ts";
export { createJSONSchemaValidator } from "../schema/json-schema.ts";
export type { Input, Output } from "../schema/schema.ts";
export type { Schema, StandardSchema } from "../schema/standard-schema.ts";
export type { Catalogue } from "./catalogue.ts";
export type { Server, TypesOfDefinitions } from "./compile-server.ts";
export type { Completer, CompleterContext } from "./completion.ts";
export { audio, blob, image } from "./content.ts";
export { createServer } from "./create-server.ts";
export type { Answer, FormQuestion, URLAnswer } from "./handler/elicitation.ts";
export type { HandlerContext } from "./handler/handler-context.ts";
export type { ObservedRound, ObservedTask, Observer } from "./handler/observer.ts";
export type { ParallelOptions } from "./handler/parallel.ts";
export { InputPending } from "./handler/round-state.ts";
export type { StepFailure } from "./handler/step-failure.ts";
export { StepError } from "./handler/step-failure.ts";
export type { StepInfo, StepOptions } from "./handler/step-options.ts";
export type { Effect } from "./handler/steps.ts";
export type { HandleCaller, Handles, HandlesOptions, TypedHandlesOptions } from "./handles.ts";
export { handles, UnknownHandleError } from "./handles.ts";
export type {
  PromptArgumentOptions,
  PromptArguments,
  PromptDefinition,
  PromptOptions,
  PromptReturn,
} from "./prompts.ts";
export { definePrompt } from "./prompts.ts";
export type {
  ReadReturn,
  ResourceDefinition,
  ResourceTemplateDefinition,
  ResourceTemplateOptions,
} from "./resources.ts";
export { defineResource, defineResourceTemplate } from "./resources.ts";
export type { InputRequired, InputRequiredInit, ToolResult, ToolResultInit } from "./results.ts";
export { inputRequired, isToolError, ToolError, toolResult } from "./results.ts";
export type { SealKey } from "./seal.ts";
export type { ServerOptions } from "./server-options.ts";
export type { ToolArguments, ToolDefinition, ToolOptions, ToolReturn } from "./tools.ts";
export { defineTool } from "./tools.ts";

// For programs that host servers, and for extensions.

export type { AdmissionColumns, AdmitOptions, AdmittedMethod, ServedMethod } from "./admit.ts";
export { admit } from "./admit.ts";
export { serveMethod } from "./dispatch.ts";
export type { Extension, ExtensionHost, ExtensionListInit, ExtensionParts } from "./extension.ts";
export { defineExtension, isDeclared } from "./extension.ts";
export type { AcceptedMember, FilterMember, SendNotification } from "./filter-member.ts";
export { randomId } from "./random-id.ts";
export type { Sealer } from "./seal.ts";
export { createSealer, randomKeys } from "./seal.ts";
export type { Shared } from "./shared.ts";
export type { AnswerToolCall, RunToolRound, ToolCall } from "./tool-call.ts";
export type { ToolSettings } from "./tools.ts";
