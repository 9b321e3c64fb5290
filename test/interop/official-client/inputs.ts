import { describe, expect, it } from "vitest";
import type { Meeting } from "./meeting.ts";

export function testInputs(meeting: Meeting): void {
  const { call } = meeting;

  describe("input required", () => {
    it("answers a question with its handler", async () => {
      meeting.shared.answers.push({ action: "accept", content: { name: "Zoë" } });
      expect((await call("greet")).content).toEqual([{ type: "text", text: "Hello, Zoë" }]);
    });

    it.each(["decline", "cancel"] as const)("may %s", async (action) => {
      meeting.shared.answers.push({ action });
      expect((await call("greet")).content).toEqual([
        { type: "text", text: `nobody to greet (${action})` },
      ]);
    });

    it("goes through several rounds, in which a step runs once", async () => {
      meeting.shared.questions.length = 0;
      meeting.shared.answers.push(
        { action: "accept", content: { day: "2026-08-01" } },
        { action: "accept", content: { seats: 2 } },
        { action: "accept", content: { sure: true } },
      );
      const { content } = await call("book", { place: "Graz" });
      const [when, seats, sure] = meeting.shared.questions;
      const reservation = /Reserved (\S+)\./.exec(seats?.message ?? "")?.[1];
      expect(when?.message).toBe("When to Graz?");
      expect(sure?.message).toBe(`2 seats on 2026-08-01 under ${reservation}?`);
      expect(content).toEqual([{ type: "text", text: `${reservation}: Graz, 2026-08-01, 2` }]);
    });

    it("answers several inputs of all kinds at once", async () => {
      meeting.shared.answers.push({ action: "accept", content: { name: "Zoë" } });
      const { content } = await call("survey");
      expect(JSON.parse((content[0] as { text: string }).text)).toEqual({
        name: { action: "accept", content: { name: "Zoë" } },
        haiku: {
          role: "assistant",
          model: "test-model",
          content: { type: "text", text: "old pond" },
        },
        roots: [{ uri: "file:///home/zoe", name: "home" }],
      });
    });

    it("sends the user to a URL", async () => {
      meeting.shared.questions.length = 0;
      meeting.shared.answers.push({ action: "accept" });
      expect((await call("sign_in")).content).toEqual([
        { type: "text", text: "the user did accept" },
      ]);
      expect(meeting.shared.questions).toMatchObject([
        { mode: "url", url: "https://auth.example.com/start" },
      ]);
    });

    it("answers a tool that asks in explicit form", async () => {
      meeting.shared.answers.push(
        { action: "accept", content: { name: "Ada" } },
        { action: "accept", content: { name: "Lovelace" } },
      );
      expect((await call("by_steps")).content).toEqual([{ type: "text", text: "Ada Lovelace" }]);
    });

    it("retries for a server that only wants its state returned", async () => {
      expect((await call("later")).content).toEqual([{ type: "text", text: "ready now" }]);
    });

    it("answers prompts and resources", async () => {
      const { client } = meeting.shared;
      meeting.shared.answers.push({ action: "accept", content: { topic: "otters" } });
      expect((await client.getPrompt({ name: "interview" })).messages).toEqual([
        { role: "user", content: { type: "text", text: "Ask about otters." } },
      ]);
      meeting.shared.answers.push({ action: "accept", content: { code: "1234" } });
      const { contents } = await client.readResource({ uri: "vault://note" });
      expect(contents).toEqual([{ uri: "vault://note", text: "opened with 1234" }]);
    });
  });
}
