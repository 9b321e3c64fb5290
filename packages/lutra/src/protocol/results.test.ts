import { describe, expect, it } from "vitest";
import { complete } from "./completion.ts";
import { discover } from "./discover.ts";
import type { Result } from "./json-rpc.ts";
import type { Method } from "./method.ts";
import { getPrompt, listPrompts } from "./prompts.ts";
import { listResources, listResourceTemplates, readResource } from "./resources.ts";
import { callTool, listTools } from "./tools.ts";
import { TransportError } from "./transport-error.ts";

const inputSchema = { type: "object" };
const tool = { name: "a", inputSchema };
const link = { type: "resource_link", uri: "a:b", name: "b" };

describe("a result that is not what its method promises is malformed", () => {
  it.each<[Method, object, string]>([
    [listTools, {}, "result.tools: expected an array"],
    [listTools, { tools: [null] }, "result.tools.0: expected an object"],
    [listTools, { tools: [tool, 1] }, "result.tools.1: expected an object"],
    [listTools, { tools: ["x"] }, "result.tools.0: expected an object"],
    [listTools, { tools: [{}] }, "result.tools.0.name: expected a string"],
    [listTools, { tools: [{ name: 5, inputSchema }] }, "result.tools.0.name: expected a string"],
    [listTools, { tools: [{ name: "a" }] }, "result.tools.0.inputSchema: expected an object"],
    [
      listTools,
      { tools: [{ name: "a", inputSchema: null }] },
      "result.tools.0.inputSchema: expected an object",
    ],
    [
      listTools,
      { tools: [{ ...tool, outputSchema: true }] },
      "result.tools.0.outputSchema: expected an object",
    ],
    [listTools, { tools: [{ ...tool, title: 5 }] }, "result.tools.0.title: expected a string"],
    [
      listTools,
      { tools: [{ ...tool, annotations: [] }] },
      "result.tools.0.annotations: expected an object",
    ],
    [
      listTools,
      { tools: [{ ...tool, icons: [{ src: 1 }] }] },
      "result.tools.0.icons.0.src: expected a string",
    ],
    [listTools, { tools: [], nextCursor: 7 }, "result.nextCursor: expected a string"],
    [callTool, { content: {} }, "result.content: expected an array"],
    [callTool, { content: [null] }, "result.content.0: expected an object"],
    [callTool, { content: [{}] }, "result.content.0.type: expected a string"],
    [callTool, { content: [{ type: "text" }] }, "result.content.0.text: expected a string"],
    [callTool, { content: [{ type: "image" }] }, "result.content.0.data: expected a string"],
    [
      callTool,
      { content: [{ type: "audio", data: "" }] },
      "result.content.0.mimeType: expected a string",
    ],
    [
      callTool,
      { content: [{ ...link, uri: undefined }] },
      "result.content.0.uri: expected a string",
    ],
    [
      callTool,
      { content: [{ type: "resource", resource: { uri: "a:b" } }] },
      "result.content.0.resource.blob: expected a string",
    ],
    [callTool, { content: [], isError: "yes" }, "result.isError: expected a boolean"],
    [listPrompts, { prompts: [{}] }, "result.prompts.0.name: expected a string"],
    [
      listPrompts,
      { prompts: [{ name: "a", arguments: [null] }] },
      "result.prompts.0.arguments.0: expected an object",
    ],
    [getPrompt, { messages: [null, 5] }, "result.messages.0: expected an object"],
    [
      getPrompt,
      { messages: [{ role: "system", content: link }] },
      'result.messages.0.role: expected "user" or "assistant"',
    ],
    [
      getPrompt,
      { messages: [{ role: "user", content: "" }] },
      "result.messages.0.content: expected an object",
    ],
    [listResources, { resources: [{ name: "a" }] }, "result.resources.0.uri: expected a string"],
    [
      listResources,
      { resources: [{ name: "a", uri: "a:b", size: "1" }] },
      "result.resources.0.size: expected a number",
    ],
    [
      listResourceTemplates,
      { resourceTemplates: [{ name: "a" }] },
      "result.resourceTemplates.0.uriTemplate: expected a string",
    ],
    [readResource, { contents: [null] }, "result.contents.0: expected an object"],
    [
      readResource,
      { contents: [{ uri: "a:b", text: 1 }] },
      "result.contents.0.blob: expected a string",
    ],
    [discover, { supportedVersions: [1] }, "result.supportedVersions.0: expected a string"],
    [discover, { supportedVersions: [] }, "result.capabilities: expected an object"],
    [
      discover,
      { supportedVersions: [], capabilities: { tools: "yes" } },
      "result.capabilities.tools: expected an object",
    ],
    [complete, {}, "result.completion: expected an object"],
    [complete, { completion: {} }, "result.completion.values: expected an array"],
    [complete, { completion: { values: [1] } }, "result.completion.values.0: expected a string"],
    [
      complete,
      { completion: { values: [], total: "1" } },
      "result.completion.total: expected a number",
    ],
  ])("$name: %j", (method, result, problem) => {
    const parse = () => method.result({ resultType: "complete", ...result } as Result);
    expect(parse).toThrow(TransportError);
    expect(parse).toThrow(expect.objectContaining({ reason: "malformed", message: problem }));
  });
});

describe("a result keeps", () => {
  it.each<[string, Method, object]>([
    ["members that are not known", listTools, { tools: [{ ...tool, later: 1 }], later: [] }],
    ["content of a type that is not known", callTool, { content: [{ type: "video" }] }],
    ["structured content of any type", callTool, { content: [], structuredContent: null }],
    [
      "every type of content",
      callTool,
      {
        content: [
          { type: "text", text: "" },
          { type: "image", data: "", mimeType: "image/png" },
          link,
          { type: "resource", resource: { uri: "a:b", text: "" } },
          { type: "resource", resource: { uri: "a:b", blob: "" } },
        ],
      },
    ],
  ])("%s", (_what, method, given) => {
    const result = { resultType: "complete", ...given } as Result;
    expect(method.result(result)).toBe(result);
  });
});
