import type { GetPromptResult, InputRequiredResult, McpServer } from "@modelcontextprotocol/server";
import { acceptedContent, completable, inputRequired } from "@modelcontextprotocol/server";
import * as z from "zod";
import { pixel } from "../../../examples/everything/media.ts";

type Content = GetPromptResult["messages"][number]["content"];
type Got = GetPromptResult | InputRequiredResult;

const words = ["testValue1", "testValue2", "test", "park"];

export function addPrompts(server: McpServer): void {
  server.registerPrompt("test_simple_prompt", { description: "Plain" }, () =>
    messageOf({ type: "text", text: "plain" }),
  );
  const complete = (value: string) => words.filter((word) => word.startsWith(value));
  const two = z.object({ arg1: completable(z.string(), complete), arg2: z.string() });
  const withArguments = { description: "Repeats its arguments", argsSchema: two };
  server.registerPrompt("test_prompt_with_arguments", withArguments, ({ arg1, arg2 }) =>
    messageOf({ type: "text", text: `${arg1} and ${arg2}` }),
  );
  const one = z.object({ resourceUri: z.string() });
  const withResource = { description: "Carries a resource", argsSchema: one };
  server.registerPrompt("test_prompt_with_embedded_resource", withResource, ({ resourceUri }) =>
    messageOf({
      type: "resource",
      resource: { uri: resourceUri, mimeType: "text/plain", text: "embedded" },
    }),
  );
  server.registerPrompt("test_prompt_with_image", { description: "Carries an image" }, () =>
    messageOf({ type: "image", data: pixel, mimeType: "image/png" }),
  );
  const asking = { description: "Asks before it answers" };
  server.registerPrompt(
    "test_input_required_result_prompt",
    asking,
    async ({ mcpReq }): Promise<Got> => {
      const schema = z.object({ context: z.string() });
      const answer = acceptedContent(mcpReq.inputResponses, "user_context", schema);
      if (answer !== undefined) return messageOf({ type: "text", text: answer.context });
      const question = { message: "In which context?", requestedSchema: schema };
      return inputRequired({ inputRequests: { user_context: inputRequired.elicit(question) } });
    },
  );
}

function messageOf(content: Content): GetPromptResult {
  return { messages: [{ role: "user", content }] };
}
