/** Prompts: without and with arguments, with content other than text, and with an input request. */
import { definePrompt, image, text } from "lutra/server";
import { z } from "zod";
import { pixel } from "./media.ts";

const words = ["testValue1", "testValue2", "test", "paris", "park", "party"];

const simple = definePrompt({
  name: "test_simple_prompt",
  description: "A prompt without arguments",
  get: () => "This is a simple prompt for testing.",
});

const withArguments = definePrompt({
  name: "test_prompt_with_arguments",
  description: "A prompt that repeats its arguments",
  arguments: {
    arg1: {
      description: "The first argument",
      required: true,
      complete: (value) => words.filter((word) => word.startsWith(value)),
    },
    arg2: { description: "The second argument", required: true },
  },
  get: ({ arg1, arg2 }) => `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`,
});

const withResource = definePrompt({
  name: "test_prompt_with_embedded_resource",
  description: "A prompt that carries a resource",
  arguments: { resourceUri: { description: "The URI of the resource", required: true } },
  get: ({ resourceUri }) => [
    {
      role: "user",
      content: {
        type: "resource",
        resource: {
          uri: resourceUri,
          mimeType: "text/plain",
          text: "Embedded resource content for testing.",
        },
      },
    },
    { role: "user", content: text("Please process the embedded resource above.") },
  ],
});

const withImage = definePrompt({
  name: "test_prompt_with_image",
  description: "A prompt that carries an image",
  get: () => [
    { role: "user", content: image(pixel, "image/png") },
    { role: "user", content: text("Please analyze the image above.") },
  ],
});

const asking = definePrompt({
  name: "test_input_required_result_prompt",
  description: "A prompt that asks the user for its context",
  get: async (_args, context) => {
    const answer = await context.elicit("user_context", {
      message: "What context should the prompt use?",
      requestedSchema: z.object({ context: z.string() }),
    });
    return answer.action === "accept"
      ? `Use this context: ${answer.content.context}`
      : "Use no particular context.";
  },
});

export const prompts = [simple, withArguments, withResource, withImage, asking] as const;

/** Added and removed by `test_trigger_prompt_change`. */
export const passingPrompt = definePrompt({
  name: "test_dynamic_prompt",
  description: "Is there for a moment only",
  get: () => "You were quick.",
});
