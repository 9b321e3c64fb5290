import { describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { createSealer, randomKeys } from "../server/seal.ts";
import { createSession, SessionTokens } from "./session.ts";

const now = 1_000_000;
const [alice, bob] = [{ id: "alice" }, { id: "bob" }];

function create(keys = randomKeys()) {
  const clock = { now };
  const sealer = createSealer(keys);
  const open = () =>
    new SessionTokens(
      () => sealer,
      () => clock.now,
    );
  return { clock, tokens: open(), another: open };
}

const session = (introduction: JSONObject = {}) =>
  createSession(
    {
      version: "2025-11-25",
      capabilities: { roots: { listChanged: true } },
      clientInfo: { name: "n", version: "1", title: "T" },
      ...introduction,
    },
    now + 1000,
  );

describe("createSession", () => {
  it.each([
    ["2025-11-25", { roots: {}, sampling: { tools: {} }, elicitation: { form: {}, url: {} } }],
    ["2025-06-18", { roots: {}, sampling: {}, elicitation: {} }],
    ["2025-03-26", { roots: {}, sampling: {} }],
  ])("keeps the capabilities that %s has", (version, expected) => {
    const capabilities = {
      roots: { listChanged: true },
      sampling: { tools: { x: 1 } },
      elicitation: { form: { x: 1 }, url: { x: 1 } },
      experimental: { x: {} },
      tasks: {},
    };
    expect(session({ version, capabilities }).capabilities).toEqual(expected);
  });

  it.each([null, [], "x", { roots: 1 }, { sampling: null, elicitation: "x" }])(
    "ignores invalid capabilities: %j",
    (capabilities) => {
      expect(session({ capabilities }).capabilities).toEqual({});
    },
  );

  it("keeps the start of the client's name and version", () => {
    const long = "x".repeat(1000);
    expect(session({ clientInfo: { name: long, version: long } }).clientInfo).toEqual({
      name: "x".repeat(64),
      version: "x".repeat(64),
    });
    expect(session({ clientInfo: { name: 1 } }).clientInfo).toBeUndefined();
  });
});

describe("2025-11-25/basic/transports#session-management", () => {
  it("a token does not open once its key has been removed, also where it was opened before", async () => {
    const keys = randomKeys();
    let sealer = createSealer(keys);
    const tokens = new SessionTokens(
      () => sealer,
      () => now,
    );
    const token = await tokens.seal(session(), alice);
    expect(await tokens.open(token, alice)).toBeDefined();
    sealer = createSealer([...randomKeys().map((key) => ({ ...key, id: "new" })), ...keys]);
    expect(await tokens.open(token, alice)).toBeDefined();
    sealer = createSealer(randomKeys());
    expect(await tokens.open(token, alice)).toBeUndefined();
  });

  it("tokens that are remembered have a limited length", async () => {
    const sealer = createSealer(randomKeys());
    const open = vi.spyOn(sealer as { open: typeof sealer.open }, "open");
    const tokens = new SessionTokens(
      () => sealer,
      () => now,
    );
    const long = { id: "x".repeat(200_000) };
    const sealed = await Promise.all(Array.from({ length: 8 }, () => tokens.seal(session(), long)));
    for (const token of sealed) await tokens.open(token, long);
    await tokens.open(sealed[7] as string, long);
    expect(open).toHaveBeenCalledTimes(8);
    await tokens.open(sealed[0] as string, long);
    expect(open).toHaveBeenCalledTimes(9);
  });

  it("a token opens at every replica with the keys", async () => {
    const { tokens, another } = create();
    const opened = session();
    const token = await tokens.seal(opened, alice);
    expect(await another().open(token, alice)).toEqual(opened);
    expect(await tokens.open(token, alice)).toEqual(opened);
  });

  it("the session id MUST only contain visible ASCII characters, and is shorter than 2 kB", async () => {
    const { tokens } = create();
    const wide = "\u0001\u{1f9a6}漢".repeat(100);
    const token = await tokens.seal(session({ clientInfo: { name: wide, version: wide } }), alice);
    expect(token).toMatch(/^[\x21-\x7e]+$/);
    expect(token.length).toBeLessThan(2048);
  });

  it("the session id SHOULD be globally unique", async () => {
    const { tokens } = create();
    const opened = session();
    expect(await tokens.seal(opened, alice)).not.toBe(await tokens.seal(opened, alice));
    expect(session().key).not.toBe(opened.key);
  });

  it.each([bob, undefined])("a token does not open for another principal: %j", async (other) => {
    const { tokens, another } = create();
    const token = await tokens.seal(session(), alice);
    await tokens.open(token, alice);
    expect(await tokens.open(token, other)).toBeUndefined();
    expect(await another().open(token, other)).toBeUndefined();
  });

  it("a token does not open with the name of its principal in front", async () => {
    const { tokens } = create();
    const token = await tokens.seal(session(), alice);
    await tokens.open(token, alice);
    expect(await tokens.open(`of alice ${token}`, undefined)).toBeUndefined();
  });

  it("a token expires, also one that was opened before", async () => {
    const { clock, tokens } = create();
    const token = await tokens.seal(session(), alice);
    clock.now = now + 999;
    expect(await tokens.open(token, alice)).toBeDefined();
    clock.now = now + 1000;
    expect(await tokens.open(token, alice)).toBeUndefined();
  });

  it("a token of other keys does not open", async () => {
    const token = await create().tokens.seal(session(), alice);
    expect(await create().tokens.open(token, alice)).toBeUndefined();
  });

  it.each(["", ".", "local.", "local.!", "x".repeat(100_000)])(
    "no other text opens: %.20j",
    async (text) => {
      expect(await create().tokens.open(text, undefined)).toBeUndefined();
    },
  );
});
