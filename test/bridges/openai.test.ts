/** The `openai` package against a scripted server of its API, with the tools of a Lutra server. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { chatTools, responseTools } from "lutra/bridges/openai";
import { connect } from "lutra/testing";
import OpenAI from "openai";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import type { ResponseInput } from "openai/resources/responses/responses";
import { describe, expect, it, onTestFinished } from "vitest";
import { pixel, shop } from "./shop.ts";

/** Starts an API that answers with these bodies in turn, and records the requests. */
async function scriptedApi(bodies: readonly object[]) {
  const requests: unknown[] = [];
  const server = createServer(async (request, response) => {
    requests.push(await json(request));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(bodies[requests.length - 1] ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const baseURL = `http://127.0.0.1:${port}/v1`;
  return { requests, api: new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 }) };
}

describe("the Chat Completions API", () => {
  const completion = (message: object) => ({ choices: [{ index: 0, message }] });

  async function run(name: string, args: string) {
    const call = { id: "call-1", type: "function", function: { name, arguments: args } };
    const { requests, api } = await scriptedApi([
      completion({ role: "assistant", content: null, tool_calls: [call] }),
      completion({ role: "assistant", content: "done" }),
    ]);
    const { tools, callTool } = await chatTools(connect(shop));
    const messages: ChatCompletionMessageParam[] = [{ role: "user", content: "go" }];
    for (;;) {
      const { choices } = await api.chat.completions.create({ model: "scripted", messages, tools });
      const message = choices[0]?.message;
      if (message?.tool_calls === undefined) return { said: message?.content, messages, requests };
      messages.push(message);
      for (const toolCall of message.tool_calls) messages.push(await callTool(toolCall));
    }
  }

  it("offers the tools, calls one and continues with the message that has the result", async () => {
    const { said, messages, requests } = await run("shop_price", '{"article":"tea"}');
    expect(said).toBe("done");
    expect(messages[2]).toEqual({
      role: "tool",
      tool_call_id: "call-1",
      content: '{"article":"tea","euros":5}',
    });
    const { tools } = await connect(shop).listTools();
    expect(requests[0]).toMatchObject({
      tools: [
        {
          type: "function",
          function: {
            name: "shop_price",
            description: "Returns the price of an article",
            parameters: tools[0]?.inputSchema,
          },
        },
        { function: { name: "order" } },
        { function: { name: "picture" } },
        { function: { name: "confirm", parameters: { type: "object", properties: {} } } },
      ],
    });
  });

  it.each([
    ["a tool failed", "order", '{"article":"tea"}', "Error:\ntea: sold out"],
    ["a tool does not exist", "buy", "{}", 'Error:\nthere is no tool "buy"'],
    ["arguments are malformed", "order", "{article", "Error:\narguments: expected JSON"],
    ["arguments are not an object", "order", "[]", "Error:\narguments: expected an object"],
    ["an image was returned", "picture", "", "[image/gif, 23 bytes]"],
  ])("tells the model that %s", async (_case, name, args, content) => {
    const { said, messages } = await run(name, args);
    expect([said, messages[2]]).toEqual([
      "done",
      { role: "tool", tool_call_id: "call-1", content },
    ]);
  });

  it("rejects with a protocol error, which is not for the model", async () => {
    await expect(run("confirm", "{}")).rejects.toMatchObject({
      name: "ProtocolError",
      reason: "missingRequiredClientCapability",
    });
  });

  it("cancels a call with its signal", async () => {
    const { callTool } = await chatTools(connect(shop));
    const called = { name: "order", arguments: '{"article":"tea"}' };
    const call = { id: "1", type: "function", function: called };
    await expect(callTool(call, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      reason: "aborted",
    });
  });

  it("refuses a call of a custom tool, which no server has", async () => {
    const { callTool } = await chatTools(connect(shop));
    const custom = { id: "1", type: "custom", custom: { name: "order", input: "" } } as const;
    await expect(callTool(custom)).rejects.toThrow(
      'expected a function call, got the type "custom"',
    );
  });
});

describe("the Responses API", () => {
  async function run(name: string, args: string) {
    const item = { type: "function_call", id: "fc-1", call_id: "call-1", name, arguments: args };
    const text = { type: "output_text", text: "done", annotations: [] };
    const { requests, api } = await scriptedApi([
      { object: "response", output: [item] },
      { object: "response", output: [{ type: "message", role: "assistant", content: [text] }] },
    ]);
    const { tools, callTool } = await responseTools(connect(shop));
    const input: ResponseInput = [{ role: "user", content: "go" }];
    for (;;) {
      const response = await api.responses.create({ model: "scripted", input, tools });
      const calls = response.output.filter((entry) => entry.type === "function_call");
      if (calls.length === 0) return { said: response.output_text, input, requests };
      input.push(...calls);
      for (const call of calls) input.push(await callTool(call));
    }
  }

  it("offers the tools, calls one and continues with the item that has the result", async () => {
    const { said, input, requests } = await run("shop_price", '{"article":"tea"}');
    expect(said).toBe("done");
    expect(input[2]).toEqual({
      type: "function_call_output",
      call_id: "call-1",
      output: '{"article":"tea","euros":5}',
    });
    expect(requests[0]).toMatchObject({
      tools: [
        { type: "function", name: "shop_price", strict: false },
        { type: "function", name: "order" },
        { type: "function", name: "picture" },
        { type: "function", name: "confirm" },
      ],
    });
  });

  it("passes images to the model", async () => {
    const { input } = await run("picture", "{}");
    const image_url = `data:image/gif;base64,${pixel}`;
    expect(input[2]).toMatchObject({
      output: [{ type: "input_image", image_url, detail: "auto" }],
    });
  });

  it("tells the model that a tool failed, and why", async () => {
    const { said, input } = await run("order", '{"article":"tea"}');
    expect(said).toBe("done");
    expect(input[2]).toMatchObject({ output: "Error:\ntea: sold out" });
  });
});
