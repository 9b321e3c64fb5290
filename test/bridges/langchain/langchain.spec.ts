/**
 * LangChain.js calls tools of a server through the bridge, for a scripted model. `npm run
 * test:langchain` installs LangChain into this folder and runs this file.
 */
import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { fakeModel } from "@langchain/core/testing";
import { DynamicStructuredTool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { langChainTools } from "lutra/bridges/langchain";
import { connect } from "lutra/testing";
import { expect, it, vi } from "vitest";
import { pixel, shop } from "../shop.ts";

const classes = { DynamicStructuredTool, ToolMessage };
const messages = [{ role: "user", content: "go" }];

/** Runs an agent whose model calls one tool, and returns the message with its result. */
async function runAgent(name: string, args: { [name: string]: unknown }, options = {}) {
  const model = fakeModel()
    .respondWithTools([{ name, args, id: "call-1" }])
    .respond(new AIMessage("done"));
  const tools = await langChainTools(connect(shop), classes, options);
  const state = await createAgent({ model, tools }).invoke({ messages });
  expect(state.messages.at(-1)?.content).toBe("done");
  return state.messages.find((message) => ToolMessage.isInstance(message));
}

async function toolNamed(name: string) {
  const tools = await langChainTools(connect(shop), classes);
  const tool = tools.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
}

it("creates tools that models take", async () => {
  const model = fakeModel().respond(new AIMessage("done"));
  const tools = await langChainTools(connect(shop), classes);
  await model.bindTools(tools).invoke("go");
  expect(model.callCount).toBe(1);
  const listed = await connect(shop).listTools();
  expect(tools.map(({ name }) => name)).toEqual(["shop_price", "order", "picture", "confirm"]);
  expect(tools[0]).toMatchObject({
    description: "Returns the price of an article",
    schema: listed.tools[0]?.inputSchema,
    metadata: { tool: "shop.price", annotations: { readOnlyHint: true } },
  });
});

it("calls the tool, tells the model its text and keeps its result as the artifact", async () => {
  const onProgress = vi.fn();
  const message = await runAgent("shop_price", { article: "tea" }, { onProgress });
  expect(message).toMatchObject({
    status: "success",
    tool_call_id: "call-1",
    content: '{"article":"tea","euros":5}',
    artifact: { structuredContent: { article: "tea", euros: 5 } },
  });
  const calledFor = { tool: "shop.price", toolCallId: "call-1" };
  expect(onProgress).toHaveBeenCalledWith({ progress: 1, total: 1 }, calledFor);
});

it("tells the model that a tool failed, and why, without ending the agent", async () => {
  const message = await runAgent("order", { article: "tea" });
  expect(message).toMatchObject({
    status: "error",
    tool_call_id: "call-1",
    name: "order",
    content: "tea: sold out",
    artifact: { isError: true },
  });
});

it("passes images to the model", async () => {
  const message = await runAgent("picture", {});
  const url = `data:image/gif;base64,${pixel}`;
  expect(message?.content).toEqual([{ type: "image_url", image_url: { url } }]);
});

it("rejects with a protocol error, which the agent handles", async () => {
  const confirm = await toolNamed("confirm");
  const call = { type: "tool_call", id: "call-1", name: "confirm", args: {} } as const;
  await expect(confirm.invoke(call)).rejects.toMatchObject({
    name: "ProtocolError",
    reason: "missingRequiredClientCapability",
  });
});

it("returns the content to a program that calls a tool, and rejects if it failed", async () => {
  const price = await toolNamed("shop_price");
  expect(await price.invoke({ article: "tea" })).toBe('{"article":"tea","euros":5}');
  const order = await toolNamed("order");
  await expect(order.invoke({ article: "tea" })).rejects.toMatchObject({
    name: "ToolExecutionError",
    message: "tea: sold out",
  });
});

it("passes the signal of the run on to the call", async () => {
  const order = await toolNamed("order");
  const call = order.invoke({ article: "tea" }, { signal: AbortSignal.abort() });
  await expect(call).rejects.toThrow(/abort/i);
});
