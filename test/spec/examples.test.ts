/** Reads every example message of the specification with the code that reads such messages. */
import { describe, expect, it } from "vitest";
import { cancelledRequestId } from "../../packages/lutra/src/protocol/cancellation.ts";
import { complete } from "../../packages/lutra/src/protocol/completion.ts";
import { discover } from "../../packages/lutra/src/protocol/discover.ts";
import { ProtocolError } from "../../packages/lutra/src/protocol/errors.ts";
import { headerParams } from "../../packages/lutra/src/protocol/header-params.ts";
import {
  isResponseTo,
  parseInputRequired,
} from "../../packages/lutra/src/protocol/input-required.ts";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../packages/lutra/src/protocol/json-rpc.ts";
import { isRequest, parseMessage } from "../../packages/lutra/src/protocol/json-rpc.ts";
import { readLogMessage } from "../../packages/lutra/src/protocol/logging.ts";
import { metaKeys, parseRequestMeta } from "../../packages/lutra/src/protocol/meta.ts";
import type { Method } from "../../packages/lutra/src/protocol/method.ts";
import { coreMethods } from "../../packages/lutra/src/protocol/methods.ts";
import { readProgress } from "../../packages/lutra/src/protocol/progress.ts";
import { getPrompt, listPrompts } from "../../packages/lutra/src/protocol/prompts.ts";
import {
  listResources,
  listResourceTemplates,
  readResource,
} from "../../packages/lutra/src/protocol/resources.ts";
import { listen, subscriptionIdOf } from "../../packages/lutra/src/protocol/subscriptions.ts";
import { callTool, listTools } from "../../packages/lutra/src/protocol/tools.ts";
import { createJSONSchemaValidator } from "../../packages/lutra/src/schema/json-schema.ts";
import { requireContent } from "../../packages/lutra/src/server/content.ts";
import { elicitParams } from "../../packages/lutra/src/server/handler/elicitation.ts";
import { readExamples } from "./published.ts";

type Check = (value: never) => void;
type Notification = Parameters<typeof readProgress>[0];

const validator = createJSONSchemaValidator();

const request =
  (method: Method): Check =>
  (value: unknown) => {
    const message = parseMessage(value) as JSONRPCRequest;
    expect(isRequest(message)).toBe(true);
    expect(message.method).toBe(method.name);
    expect(parseRequestMeta(message.params, []).version).toBe("2026-07-28");
    expect(method.params(message.params ?? {})).toBeDefined();
  };
const params =
  (method: Method): Check =>
  (value: JSONObject) => {
    expect(method.params(value)).toMatchObject(withoutMeta(value));
  };
const result =
  (method: Method): Check =>
  (value: Result) => {
    expect(method.result(value)).toBe(value);
  };
const response =
  (method: Method): Check =>
  ({ id, result: value }: { id: unknown; result: Result }) => {
    expect(id).toBeDefined();
    expect(method.result(value)).toBe(value);
  };
const inputRequest: Check = ({ id: _id, ...value }: JSONObject) => {
  const asked = { resultType: "input_required", inputRequests: { a: value } };
  expect(parseInputRequired(asked)).toBe(asked);
};
const inputParams =
  (method: string): Check =>
  (value: JSONObject) => {
    const asked = { resultType: "input_required", inputRequests: { a: { method, params: value } } };
    expect(parseInputRequired(asked)).toBe(asked);
    if (method === "elicitation/create") expect(elicitParams(value as never)).toMatchObject(value);
  };
const inputResult =
  (method: string): Check =>
  (value: unknown) => {
    expect(isResponseTo({ method, params: {} } as never, value)).toBe(true);
  };
const notification =
  (read: (message: Notification) => unknown): Check =>
  (value: unknown) => {
    const message = parseMessage(value);
    expect(isRequest(message)).toBe(false);
    expect(read(message)).toBeDefined();
  };
const notificationParams =
  (method: string, read: (message: Notification) => unknown): Check =>
  (value: JSONObject) => {
    expect(read({ jsonrpc: "2.0", method, params: value })).toBeDefined();
  };
const error =
  (reason: string): Check =>
  (value: JSONObject) => {
    const wire = (value.error ?? value) as JSONObject;
    const read = ProtocolError.fromWire(wire);
    expect(read).toMatchObject({ reason, code: wire.code, message: wire.message });
    expect(read?.toWire()).toEqual(wire);
  };
const block: Check = (value: unknown) => {
  expect(requireContent("content", [value])).toEqual([value]);
  expect(callTool.result({ content: [value] })).toBeDefined();
};
const contents: Check = (value: unknown) => {
  expect(readResource.result({ contents: [value] })).toBeDefined();
  expect(requireContent("content", [{ type: "resource", resource: value }])).toBeDefined();
};
const field: Check = (value: JSONObject) => {
  const requestedSchema = { type: "object", properties: { a: value } };
  expect(elicitParams({ message: "?", requestedSchema })).toMatchObject({ requestedSchema });
};
const message: Check = (content: unknown) => {
  const sampled = { role: "assistant", model: "m", content: [content] };
  expect(isResponseTo({ method: "sampling/createMessage", params: {} } as never, sampled)).toBe(
    true,
  );
};
const tool: Check = ({ inputSchema, outputSchema, ...rest }: JSONObject) => {
  expect(rest.name).toEqual(expect.any(String));
  expect(headerParams(inputSchema as JSONObject)).toEqual([]);
  expect(validator(inputSchema as JSONObject)).toEqual(expect.any(Function));
  if (outputSchema !== undefined) expect(validator(outputSchema as JSONObject)).toBeDefined();
};
const token = ({ params: sent }: Notification) => sent?.progressToken as string;

/** The check of the examples of each type. */
const readers: { readonly [type: string]: Check } = {
  AudioContent: block,
  BlobResourceContents: contents,
  BooleanSchema: field,
  CallToolRequest: request(callTool),
  CallToolRequestParams: params(callTool),
  CallToolResult: result(callTool),
  CallToolResultResponse: response(callTool),
  CancelledNotification: notification(cancelledRequestId),
  CancelledNotificationParams: notificationParams("notifications/cancelled", cancelledRequestId),
  ClientCapabilities: (value: JSONObject) => {
    const _meta = {
      [metaKeys.protocolVersion]: "2026-07-28",
      [metaKeys.clientCapabilities]: value,
    };
    expect(parseRequestMeta({ _meta }, []).capabilities).toEqual(value);
  },
  CompleteRequest: request(complete),
  CompleteRequestParams: params(complete),
  CompleteResult: result(complete),
  CompleteResultResponse: response(complete),
  CreateMessageRequest: inputRequest,
  CreateMessageRequestParams: inputParams("sampling/createMessage"),
  CreateMessageResult: inputResult("sampling/createMessage"),
  DiscoverRequest: request(discover),
  DiscoverResult: result(discover),
  DiscoverResultResponse: response(discover),
  ElicitRequest: inputRequest,
  ElicitRequestFormParams: inputParams("elicitation/create"),
  ElicitRequestURLParams: inputParams("elicitation/create"),
  ElicitResult: inputResult("elicitation/create"),
  EmbeddedResource: block,
  GetPromptRequest: request(getPrompt),
  GetPromptRequestParams: params(getPrompt),
  GetPromptResult: result(getPrompt),
  GetPromptResultResponse: response(getPrompt),
  HeaderMismatchError: error("headerMismatch"),
  ImageContent: block,
  InputRequests: (value: JSONObject) => {
    expect(parseInputRequired({ inputRequests: value })).toBeDefined();
  },
  InputRequiredResult: (value: Result) => {
    expect(parseInputRequired(value)).toBe(value);
  },
  InputResponses: (value: JSONObject) => {
    expect(callTool.params({ name: "t", inputResponses: value })).toMatchObject({
      inputResponses: value,
    });
  },
  InternalError: error("internalError"),
  InvalidParamsError: error("invalidParams"),
  ListPromptsRequest: request(listPrompts),
  ListPromptsResult: result(listPrompts),
  ListPromptsResultResponse: response(listPrompts),
  ListResourceTemplatesRequest: request(listResourceTemplates),
  ListResourceTemplatesResult: result(listResourceTemplates),
  ListResourceTemplatesResultResponse: response(listResourceTemplates),
  ListResourcesRequest: request(listResources),
  ListResourcesResult: result(listResources),
  ListResourcesResultResponse: response(listResources),
  ListRootsRequest: inputRequest,
  ListRootsResult: inputResult("roots/list"),
  ListToolsRequest: request(listTools),
  ListToolsResult: result(listTools),
  ListToolsResultResponse: response(listTools),
  LoggingMessageNotification: notification(readLogMessage),
  LoggingMessageNotificationParams: notificationParams("notifications/message", readLogMessage),
  MethodNotFoundError: error("methodNotFound"),
  MissingRequiredClientCapabilityError: error("missingRequiredClientCapability"),
  ModelPreferences: (modelPreferences: JSONObject) => {
    const asked = { messages: [], maxTokens: 1, modelPreferences };
    inputParams("sampling/createMessage")(asked as never);
  },
  NumberSchema: field,
  PaginatedRequestParams: params(listTools),
  ParseError: error("parseError"),
  ProgressNotification: notification((sent) => readProgress(sent, token(sent))),
  ProgressNotificationParams: notificationParams("notifications/progress", (sent) =>
    readProgress(sent, token(sent)),
  ),
  PromptListChangedNotification: notification(({ method }) => method),
  ReadResourceRequest: request(readResource),
  ReadResourceResult: result(readResource),
  ReadResourceResultResponse: response(readResource),
  Resource: (value: unknown) => {
    expect(listResources.result({ resources: [value] })).toBeDefined();
  },
  ResourceLink: block,
  ResourceListChangedNotification: notification(({ method }) => method),
  ResourceUpdatedNotification: notification(subscriptionIdOf),
  ResourceUpdatedNotificationParams: notificationParams("x", ({ params: sent }) => sent?.uri),
  Root: (value: unknown) => inputResult("roots/list")({ roots: [value] } as never),
  SamplingMessage: ({ content }: JSONObject) => {
    for (const one of Array.isArray(content) ? content : [content]) message(one as never);
  },
  ServerCapabilities: (capabilities: JSONObject) => {
    expect(discover.result({ supportedVersions: [], capabilities })).toMatchObject({
      capabilities,
    });
  },
  StringSchema: field,
  SubscriptionsAcknowledgedNotification: notification(subscriptionIdOf),
  SubscriptionsListenRequest: request(listen),
  SubscriptionsListenResult: result(listen),
  SubscriptionsListenResultResponse: response(listen),
  TextContent: block,
  TextResourceContents: contents,
  TitledMultiSelectEnumSchema: field,
  TitledSingleSelectEnumSchema: field,
  Tool: tool,
  ToolListChangedNotification: notification(({ method }) => method),
  ToolResultContent: message,
  ToolUseContent: message,
  UnsupportedProtocolVersionError: error("unsupportedProtocolVersion"),
  UntitledMultiSelectEnumSchema: field,
  UntitledSingleSelectEnumSchema: field,
};

const examples = readExamples();
describe("the readers of messages", () => {
  it.each(examples)("accept the published example $type: $file", ({ type, value }) => {
    expect(readers).toHaveProperty(type);
    readers[type]?.(value as never);
  });

  it("have an example of every type and every method", () => {
    expect(new Set(examples.map(({ type }) => type))).toEqual(new Set(Object.keys(readers)));
    const asked = examples.flatMap(({ type, value }) =>
      type.endsWith("Request") ? [(value as JSONRPCRequest).method] : [],
    );
    expect(asked).toEqual(expect.arrayContaining(coreMethods.map(({ name }) => name)));
  });
});

function withoutMeta({ _meta: _, ...rest }: JSONObject): JSONObject {
  return rest;
}
