import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createSealer, randomKeys } from "./seal.ts";

const secret = () => crypto.getRandomValues(new Uint8Array(32));
const [a, b] = [
  { id: "a", secret: secret() },
  { id: "b", secret: secret() },
];
const sealer = createSealer([a]);

describe("basic/patterns/mrtr#server-requirements-basic-workflow: integrity", () => {
  it("what was sealed opens with the same key and binding", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string(), async (value, binding) => {
        const expected = JSON.parse(JSON.stringify(value));
        expect(await sealer.open(await sealer.seal(value, binding), binding)).toEqual(expected);
      }),
    );
  });

  it("and with no other binding", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string(), fc.string(), async (value, x, y) => {
        fc.pre(x !== y);
        expect(await sealer.open(await sealer.seal(value, x), y)).toBeUndefined();
      }),
    );
  });

  it("any flipped bit is refused", async () => {
    const sealed = await sealer.seal({ answer: 42 }, "binding");
    const dot = sealed.indexOf(".");
    const bytes = Buffer.from(sealed.slice(dot + 1), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const text = `${sealed.slice(0, dot)}.${flipped.toString("base64url")}`;
      expect(await sealer.open(text, "binding")).toBeUndefined();
    }
  });

  it("any other character is refused, also one that stands for the same bytes", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n";
    const sealed = await sealer.seal([], "");
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sealed.length - 1),
        fc.constantFrom(...alphabet),
        async (at, char) => {
          fc.pre(sealed[at] !== char);
          const changed = sealed.slice(0, at) + char + sealed.slice(at + 1);
          expect(await sealer.open(changed, "")).toBeUndefined();
        },
      ),
      { numRuns: 500 },
    );
  });

  it("the end of a seal has one spelling", async () => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const value of ["", "a", "ab", "abc"]) {
      const sealed = await sealer.seal(value, "");
      const opened = await Promise.all(
        [...alphabet].map((char) => sealer.open(sealed.slice(0, -1) + char, "")),
      );
      expect(opened.filter((one) => one !== undefined)).toEqual([value]);
    }
  });

  it("any text is refused that was not sealed here", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.string().map((x) => `a.${x}`),
        ),
        async (text) => {
          expect(await sealer.open(text, "")).toBeUndefined();
        },
      ),
    );
  });

  it("the same value is never sealed the same way twice", async () => {
    const seals = await Promise.all(Array.from({ length: 100 }, () => sealer.seal("same", "")));
    expect(new Set(seals).size).toBe(100);
  });

  it("neither the value nor the binding can be read", async () => {
    const sealed = await sealer.seal({ password: "hunter2" }, "user-42");
    const text = Buffer.from(sealed.slice(2), "base64url").toString("latin1");
    expect(text).not.toMatch(/hunter2|password|user-42/);
    expect(sealed).toMatch(/^a\.[A-Za-z0-9_-]+$/);
  });
});

describe("the format", () => {
  const bytesOf = (sealed: string) =>
    Buffer.from(sealed.slice(sealed.indexOf(".") + 1), "base64url");
  const sealOf = (bytes: Uint8Array) => `a.${Buffer.from(bytes).toString("base64url")}`;

  it("is the first byte of a seal", async () => {
    expect(bytesOf(await sealer.seal({ n: 1 }, ""))[0]).toBe(1);
  });

  it("adds 29 bytes to the JSON of the value, before Base64url", async () => {
    expect(bytesOf(await sealer.seal({ n: 1 }, ""))).toHaveLength('{"n":1}'.length + 29);
  });

  it.each([0, 2, 255])("rejects the format %i", async (format) => {
    const bytes = bytesOf(await sealer.seal(1, ""));
    expect(await sealer.open(sealOf(bytes), "")).toBe(1);
    bytes[0] = format;
    expect(await sealer.open(sealOf(bytes), "")).toBeUndefined();
  });

  it("rejects a seal of the layout before formats had a number", async () => {
    const bytes = bytesOf(await sealer.seal(1, ""));
    expect(await sealer.open(sealOf(bytes.subarray(1)), "")).toBeUndefined();
    const old = bytes.subarray(1);
    old[0] = 1;
    expect(await sealer.open(sealOf(old), "")).toBeUndefined();
  });

  it("is authenticated: a seal made without it does not open with it in front", async () => {
    const key = await crypto.subtle.importKey("raw", a.secret, "AES-GCM", false, ["encrypt"]);
    const iv = new Uint8Array(12);
    const additionalData = new TextEncoder().encode("binding");
    const plain = new TextEncoder().encode("1");
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, plain);
    const bytes = new Uint8Array([1, ...iv, ...new Uint8Array(data)]);
    expect(await sealer.open(sealOf(bytes), "binding")).toBeUndefined();
  });
});

describe("a key ring", () => {
  it("seals with the first key, and opens with all of them", async () => {
    const old = createSealer([a]);
    const rotated = createSealer([b, a]);
    expect(await rotated.open(await old.seal(1, ""), "")).toBe(1);
    const fresh = await rotated.seal(2, "");
    expect(fresh).toMatch(/^b\./);
    expect(await createSealer([a, b]).open(fresh, "")).toBe(2);
    expect(await old.open(fresh, "")).toBeUndefined();
  });

  it("the same id with another secret opens nothing", async () => {
    const other = createSealer([{ id: "a", secret: secret() }]);
    expect(await other.open(await sealer.seal(1, ""), "")).toBeUndefined();
  });

  it("a key under another id opens nothing", async () => {
    const renamed = createSealer([{ ...a, id: "renamed" }]);
    expect(await renamed.open(await sealer.seal(1, ""), "")).toBeUndefined();
  });

  it.each([
    ["of an unknown key", `b.${"A".repeat(100_000)}`],
    ["that is too long", `a.${"A".repeat(1_048_576)}`],
    ["that is not Base64url", `a.${"A".repeat(100_000)}=`],
  ])("does not decode a seal %s", async (_what, sealed) => {
    const decode = vi.spyOn(globalThis, "atob");
    expect(await sealer.open(sealed, "")).toBeUndefined();
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it("takes a secret as Base64, as openssl writes it", async () => {
    const text = Buffer.from(a.secret).toString("base64");
    expect(
      await createSealer([{ id: "a", secret: `${text}\n` }]).open(await sealer.seal(1, ""), ""),
    ).toBe(1);
  });

  it("keeps its key when the caller's bytes change afterwards", async () => {
    const bytes = Uint8Array.from(a.secret);
    const own = createSealer([{ id: "a", secret: bytes }]);
    bytes.fill(0);
    expect(await own.open(await sealer.seal(1, ""), "")).toBe(1);
  });

  it.each([
    ["no keys", []],
    ["an id used twice", [a, a]],
    ["an empty id", [{ id: "", secret: secret() }]],
    ["an id with a dot", [{ id: "a.b", secret: secret() }]],
    ["an id that is too long", [{ id: "a".repeat(33), secret: secret() }]],
    ["too few bytes", [{ id: "a", secret: new Uint8Array(31) }]],
    ["too many bytes", [{ id: "a", secret: new Uint8Array(33) }]],
    ["a password", [{ id: "a", secret: "correct horse battery staple" }]],
    ["no secret", [{ id: "a", secret: "" }]],
    ["text that is not Base64", [{ id: "a", secret: "é".repeat(44) }]],
  ])("is refused at once: %s", (_what, keys) => {
    expect(() => createSealer(keys)).toThrow(TypeError);
  });

  it("never says a secret in its refusals", () => {
    const attempt = () => createSealer([{ id: "a", secret: "hunter2" }]);
    expect(attempt).toThrow(/^(?!.*hunter2)/);
    expect(attempt).toThrow('keys: "a" must be 32 bytes or their Base64');
  });

  it("random keys differ each time", () => {
    expect(randomKeys()[0]?.secret).toHaveLength(32);
    expect(randomKeys()).not.toEqual(randomKeys());
  });
});
