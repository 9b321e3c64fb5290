/** Tools that the scenarios for revisions with sessions require; any revision can call them. */
import { setTimeout as pause } from "node:timers/promises";
import { defineTool } from "lutra/server";
import { z } from "zod";

const sampling = defineTool({
  name: "test_sampling",
  description: "Passes a prompt to the client's model",
  inputSchema: z.object({ prompt: z.string() }),
  call: async ({ prompt }, context) => {
    const { content } = await context.sample("completion", {
      messages: [{ role: "user", content: { type: "text", text: prompt } }],
      maxTokens: 100,
    });
    const [block] = [content].flat();
    return `LLM response: ${block?.type === "text" ? block.text : JSON.stringify(content)}`;
  },
});

const elicitation = defineTool({
  name: "test_elicitation",
  description: "Asks with the message of its argument",
  inputSchema: z.object({ message: z.string() }),
  call: async ({ message }, context) => {
    const answer = await context.elicit("user", {
      message,
      requestedSchema: z.object({
        username: z.string().describe("User's response"),
        email: z.string().describe("User's email address"),
      }),
    });
    return `User response: ${JSON.stringify(answer)}`;
  },
});

const defaults = defineTool({
  name: "test_elicitation_sep1034_defaults",
  description: "Asks with a default for each kind of field",
  call: async (_args, context) => {
    const answer = await context.elicit("defaults", {
      message: "Please review and update the form fields with defaults",
      requestedSchema: {
        type: "object",
        properties: {
          name: { type: "string", default: "John Doe" },
          age: { type: "integer", default: 30 },
          score: { type: "number", default: 95.5 },
          status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
          verified: { type: "boolean", default: true },
        },
        required: [],
      },
    });
    return completed(answer);
  },
});

const enums = defineTool({
  name: "test_elicitation_sep1330_enums",
  description: "Asks with every kind of choice",
  call: async (_args, context) => {
    const titled = [
      { const: "value1", title: "First Option" },
      { const: "value2", title: "Second Option" },
      { const: "value3", title: "Third Option" },
    ];
    const untitled = ["option1", "option2", "option3"];
    const answer = await context.elicit("enums", {
      message: "Please select options from the enum fields",
      requestedSchema: {
        type: "object",
        properties: {
          untitledSingle: { type: "string", enum: untitled },
          titledSingle: { type: "string", oneOf: titled },
          legacyEnum: {
            type: "string",
            enum: ["opt1", "opt2", "opt3"],
            enumNames: ["Option One", "Option Two", "Option Three"],
          },
          untitledMulti: { type: "array", items: { type: "string", enum: untitled } },
          titledMulti: { type: "array", items: { anyOf: titled } },
        },
        required: [],
      },
    });
    return completed(answer);
  },
});

const logging = defineTool({
  name: "test_tool_with_logging",
  description: "Sends three log messages",
  call: async (_args, context) => {
    await context.log("info", "Tool execution started");
    await pause(50);
    await context.log("info", "Tool processing data");
    await pause(50);
    await context.log("info", "Tool execution completed");
    return "Logged three messages.";
  },
});

const reconnection = defineTool({
  name: "test_reconnection",
  description: "Answers at once; an interrupted stream can be resumed",
  call: () => "Reconnection test completed.",
});

function completed({ action, content }: { readonly action: string; readonly content?: unknown }) {
  return `Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`;
}

export const sessionTools = [sampling, elicitation, defaults, enums, logging, reconnection];
