import fc from "fast-check";
import { encodeHeaderValue } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { contextOf, keys } from "./fixtures/upstreams.ts";
import { createSeals } from "./seals.ts";

const seals = createSeals(keys);
const ada = contextOf("ada");
const bob = contextOf("bob");

describe("sealed ids", () => {
  it("opens an id on every gateway with the same keys", async () => {
    const sealed = await seals.ids.seal({ upstream: "a", id: "1" }, ada);
    const other = createSeals([{ id: "new", secret: new Uint8Array(32) }, ...keys]);
    expect(await other.ids.open(sealed, contextOf("ada"))).toEqual({ upstream: "a", id: "1" });
  });

  it("does not open an id for another principal, or without one", async () => {
    const sealed = await seals.ids.seal({ upstream: "a", id: "1" }, ada);
    expect(await seals.ids.open(sealed, bob)).toBeUndefined();
    expect(await seals.ids.open(sealed, contextOf())).toBeUndefined();
  });

  it("seals into a valid header value that reveals neither the upstream nor its id", async () => {
    const sealed = await seals.ids.seal({ upstream: "secret-name", id: "some-task" }, ada);
    expect(encodeHeaderValue(sealed)).toBe(sealed);
    const decoded = Buffer.from(sealed.split(".")[1] as string, "base64url").toString("latin1");
    expect(decoded).not.toMatch(/secret-name|some-task/);
  });

  it("opens an id neither as request state nor as a cursor, and vice versa", async () => {
    const binding = { context: ada, method: "tools/call" };
    const id = await seals.ids.seal({ upstream: "a", id: "1" }, ada);
    const state = await seals.states.seal({ upstream: "a", state: "1" }, binding);
    expect(await seals.states.open(id, binding)).toBeUndefined();
    expect(await seals.cursors.open(id, "tools/list")).toBeUndefined();
    expect(await seals.ids.open(state, ada)).toBeUndefined();
    expect(await seals.states.open(state, { ...binding, context: bob })).toBeUndefined();
    expect(await seals.states.open(state, { ...binding, method: "prompts/get" })).toBeUndefined();
  });

  it("opens an unmodified id for its principal, to the sealed value", async () => {
    const cases = fc.record({
      upstream: fc.string(),
      id: fc.string(),
      principals: fc.uniqueArray(fc.option(fc.string(), { nil: undefined }), {
        minLength: 2,
        maxLength: 2,
      }),
      at: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ upstream, id, principals, at }) => {
        const [mine, other] = principals.map((principal) => contextOf(principal));
        const sealed = await seals.ids.seal({ upstream, id }, mine as typeof ada);
        expect(await seals.ids.open(sealed, mine as typeof ada)).toEqual({ upstream, id });
        expect(await seals.ids.open(sealed, other as typeof ada)).toBeUndefined();
        const index = at % sealed.length;
        const changed = sealed[index] === "A" ? "B" : "A";
        const tampered = sealed.slice(0, index) + changed + sealed.slice(index + 1);
        expect(await seals.ids.open(tampered, mine as typeof ada)).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });
});
