import { expect } from "vitest";
import { expectRefusal, type Scenario } from "../scenario.ts";
import { createFixture } from "../server.ts";

const greet = { type: "ref/prompt", name: "greet" } as const;
const place = { type: "ref/resource", uri: "place://{country}/{name}" } as const;

export const prompts: readonly Scenario[] = [
  {
    name: "prompts are listed with their arguments",
    run: async (client) => {
      const { prompts } = await client.listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual(createFixture().prompts.keys());
      expect(prompts[0]).toEqual({
        name: "greet",
        title: "Greeting",
        description: "Greets somebody",
        arguments: [
          { name: "name", description: "Whom", required: true },
          { name: "style", description: "How" },
          { name: "number" },
        ],
      });
    },
  },
  {
    name: "a prompt is rendered from its arguments",
    run: async (client) => {
      expect(await client.getPrompt("greet", { name: "Zoë", style: "stern" })).toMatchObject({
        description: "Greets somebody",
        messages: [{ role: "user", content: { type: "text", text: "Greet Zoë in a stern way." } }],
      });
      const { description, messages } = await client.getPrompt("chat");
      expect(description).toBe("A chat");
      expect(messages.map(({ role, content }) => [role, content.type])).toEqual([
        ["user", "text"],
        ["assistant", "image"],
        ["user", "resource"],
      ]);
    },
  },
  {
    name: "a prompt may have a name with non-ASCII characters",
    run: async (client) => {
      expect((await client.getPrompt("präsentation 発表")).messages).toHaveLength(1);
    },
  },
  {
    name: "an unknown prompt and a missing argument are refused",
    run: async (client) => {
      expect((await expectRefusal(client.getPrompt("nope"), -32602)).message).toContain("nope");
      const missing = await expectRefusal(client.getPrompt("greet", { style: "stern" }), -32602);
      expect(missing.message).toContain("params.arguments.name");
    },
  },
  {
    name: "a prompt argument is completed, 100 values at a time",
    run: async (client) => {
      const style = await client.complete({ ref: greet, argument: { name: "style", value: "f" } });
      expect(style.completion).toEqual({
        values: ["formal", "friendly", "funny"],
        total: 3,
        hasMore: false,
      });
      const all = await client.complete({ ref: greet, argument: { name: "number", value: "" } });
      expect(all.completion).toMatchObject({ total: 250, hasMore: true });
      expect(all.completion.values).toHaveLength(100);
      const none = await client.complete({ ref: greet, argument: { name: "name", value: "" } });
      expect(none.completion.values).toEqual([]);
    },
  },
  {
    name: "a template variable is completed depending on the others",
    run: async (client) => {
      const name = { name: "name", value: "A" };
      const context = { arguments: { country: "DE" } };
      const { completion } = await client.complete({ ref: place, argument: name, context });
      expect(completion.values).toEqual(["Aachen", "Augsburg"]);
      const blind = await client.complete({ ref: place, argument: name });
      expect(blind.completion.values).toEqual([]);
    },
  },
  {
    name: "completion for an unknown prompt or argument is refused",
    run: async (client) => {
      const nobody = { type: "ref/prompt", name: "nobody" } as const;
      const argument = { name: "nope", value: "" };
      await expectRefusal(client.complete({ ref: greet, argument }), -32602);
      await expectRefusal(client.complete({ ref: nobody, argument }), -32602);
    },
  },
];
