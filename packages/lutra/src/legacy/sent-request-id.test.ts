import { expect, it } from "vitest";
import { createSentRequestId, isSentRequestId } from "./sent-request-id.ts";

it("an id is that of its session alone, and differs each time", async () => {
  const ids = await Promise.all([createSentRequestId("one"), createSentRequestId("one")]);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    expect(id).toMatch(/^[\w-]{12}\.[\w-]{43}$/);
    expect(await isSentRequestId(id, "one")).toBe(true);
    expect(await isSentRequestId(id, "other")).toBe(false);
  }
});

it.each([
  ["another number", (id: string) => `x${id.slice(1)}`],
  ["another code", (id: string) => id.replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
  ["no code", (id: string) => id.slice(0, 12)],
  ["more text", (id: string) => `${id}.x`],
  ["no text", () => ""],
  ["a number", () => 1],
])("an id with %s is refused", async (_what, change) => {
  const id = change(await createSentRequestId("one"));
  expect(await isSentRequestId(id, "one")).toBe(false);
});
