/** The AI SDK calls tools of a server through the bridge, for a scripted model. */
import { generateText, stepCountIs, type ToolSet } from "ai";
import { MockLanguageModelV3 } from "ai/test";
import { aiTools } from "lutra/bridges/ai-sdk";
import { connect } from "lutra/testing";
import { expect, it, vi } from "vitest";
import { pixel, shop } from "./shop.ts";

type Generated = Awaited<ReturnType<MockLanguageModelV3["doGenerate"]>>;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A model that calls one tool, and then says that it is done. */
function modelCalling(toolName: string, input: object): MockLanguageModelV3 {
  const call = { type: "tool-call", toolCallId: "call-1", toolName, input: JSON.stringify(input) };
  const rounds = [
    { content: [call], finishReason: { unified: "tool-calls", raw: undefined } },
    {
      content: [{ type: "text", text: "done" }],
      finishReason: { unified: "stop", raw: undefined },
    },
  ].map((round) => ({ ...round, usage, warnings: [] })) as Generated[];
  return new MockLanguageModelV3({ doGenerate: rounds });
}

async function run(toolName: string, input: object, options = {}) {
  const tools: ToolSet = await aiTools(connect(shop), options);
  const model = modelCalling(toolName, input);
  const result = await generateText({ model, tools, prompt: "go", stopWhen: stepCountIs(3) });
  const [first, second] = model.doGenerateCalls;
  const told = second?.prompt.flatMap(({ role, content }) => (role === "tool" ? content : []));
  return { result, offered: first?.tools, told };
}

it("gives the model the names, descriptions and schemas of the tools, unchanged", async () => {
  const client = connect(shop);
  const { tools } = await client.listTools();
  const { offered } = await run("shop_price", { article: "tea" });
  expect(offered?.map(({ name }) => name)).toEqual(["shop_price", "order", "picture", "confirm"]);
  const description = "Returns the price of an article";
  const inputSchema = tools[0]?.inputSchema;
  expect(offered?.[0]).toEqual(expect.objectContaining({ description, inputSchema }));
});

it("calls the tool, tells the model its text and the program its structured content", async () => {
  const onProgress = vi.fn();
  const { result, told } = await run("shop_price", { article: "tea" }, { onProgress });
  expect(result.text).toBe("done");
  const [call] = result.steps[0]?.dynamicToolResults ?? [];
  expect(call).toMatchObject({
    toolName: "shop_price",
    toolMetadata: { tool: "shop.price", annotations: { readOnlyHint: true } },
    output: { structuredContent: { article: "tea", euros: 5 } },
  });
  const value = '{"article":"tea","euros":5}';
  expect(told).toMatchObject([{ toolCallId: "call-1", output: { type: "text", value } }]);
  const calledFor = { tool: "shop.price", toolCallId: "call-1" };
  expect(onProgress).toHaveBeenCalledWith({ progress: 1, total: 1 }, calledFor);
});

it("tells the model that a tool failed, and why", async () => {
  const { result, told } = await run("order", { article: "tea" });
  expect(result.text).toBe("done");
  expect(told).toMatchObject([{ output: { type: "error-text", value: "tea: sold out" } }]);
});

it("tells the model that the arguments do not fit, as the server says it", async () => {
  const { told } = await run("shop_price", { article: 5 });
  const value = expect.stringContaining("article");
  expect(told).toMatchObject([{ output: { type: "error-text", value } }]);
});

it("passes images to the model", async () => {
  const { told } = await run("picture", {});
  const value = [{ type: "image-data", data: pixel, mediaType: "image/gif" }];
  expect(told).toMatchObject([{ output: { type: "content", value } }]);
});

it("passes the abort signal of the run on to the call", async () => {
  const tools = await aiTools(connect(shop));
  const abortSignal = AbortSignal.abort();
  const called = tools.order?.execute({}, { toolCallId: "1", abortSignal });
  await expect(called).rejects.toMatchObject({ reason: "aborted" });
});
