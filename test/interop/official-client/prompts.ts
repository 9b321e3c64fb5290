import { describe, expect, it } from "vitest";
import { createFixture } from "../../e2e/server.ts";
import { expectError, type Meeting } from "./meeting.ts";

export function testPrompts(meeting: Meeting): void {
  describe("prompts and completion", () => {
    it("lists and gets prompts", async () => {
      const { client } = meeting.shared;
      const { prompts } = await client.listPrompts();
      expect(prompts.map(({ name }) => name)).toEqual(createFixture().prompts.keys());
      expect(prompts[0]?.arguments).toEqual([
        { name: "name", description: "Whom", required: true },
        { name: "style", description: "How" },
        { name: "number" },
      ]);
      const greet = { name: "greet", arguments: { name: "Zoë", style: "stern" } };
      expect((await client.getPrompt(greet)).messages).toEqual([
        { role: "user", content: { type: "text", text: "Greet Zoë in a stern way." } },
      ]);
      expect((await client.getPrompt({ name: "chat" })).messages).toHaveLength(3);
      expect((await client.getPrompt({ name: "präsentation 発表" })).messages).toHaveLength(1);
    });

    it("receives errors for unknown prompts and missing arguments", async () => {
      await expectError(meeting.shared.client.getPrompt({ name: "no_such_prompt" }), -32602);
      await expectError(meeting.shared.client.getPrompt({ name: "greet" }), -32602);
    });

    it("completes prompt arguments and template variables", async () => {
      const { client } = meeting.shared;
      const ref = { type: "ref/prompt", name: "greet" } as const;
      const style = await client.complete({ ref, argument: { name: "style", value: "f" } });
      expect(style.completion).toEqual({
        values: ["formal", "friendly", "funny"],
        total: 3,
        hasMore: false,
      });
      const number = await client.complete({ ref, argument: { name: "number", value: "" } });
      expect(number.completion.values).toHaveLength(100);
      expect(number.completion).toMatchObject({ total: 250, hasMore: true });
      const place = await client.complete({
        ref: { type: "ref/resource", uri: "place://{country}/{name}" },
        argument: { name: "name", value: "A" },
        context: { arguments: { country: "DE" } },
      });
      expect(place.completion.values).toEqual(["Aachen", "Augsburg"]);
      const unknown = { ref, argument: { name: "nope", value: "" } };
      await expectError(client.complete(unknown), -32602);
    });
  });
}
