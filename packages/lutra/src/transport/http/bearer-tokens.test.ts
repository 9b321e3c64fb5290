import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bearerTokens, parseBearerTokens, readBearerToken } from "./bearer-tokens.ts";

const ana = { id: "ana", token: "a".repeat(16), scopes: ["read", "write"] };
const bo = { id: "bo", token: "b".repeat(32) };
const headerOf = (authorization: string | undefined) => (name: string) =>
  name === "authorization" ? authorization : undefined;

describe("bearerTokens", () => {
  const authenticate = bearerTokens([ana, bo]);

  it("returns the principal of a token, with its scopes", () => {
    expect(authenticate(headerOf(`Bearer ${ana.token}`))).toEqual({
      id: "ana",
      scopes: ["read", "write"],
    });
    expect(authenticate(headerOf(`bearer  ${bo.token} `))).toEqual({ id: "bo" });
  });

  it("returns undefined for a request without credentials", () => {
    expect(authenticate(headerOf(undefined))).toBeUndefined();
  });

  it.each([
    ["another token", `Bearer ${"c".repeat(16)}`],
    ["the beginning of a token", `Bearer ${"b".repeat(16)}`],
    ["a longer one", `Bearer ${"a".repeat(32)}`],
    ["no token", "Bearer"],
    ["an empty header", ""],
    ["another scheme", `Basic ${ana.token}`],
    ["two tokens", `Bearer ${ana.token}, Bearer ${bo.token}`],
  ])("refuses %s with a challenge", (_what, authorization) => {
    expect(() => authenticate(headerOf(authorization))).toThrow(
      expect.objectContaining({ status: 401, challenge: 'Bearer error="invalid_token"' }),
    );
  });

  it("accepts a token only when it is equal", () => {
    const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{16,40}$/);
    fc.assert(
      fc.property(token, token, (listed, sent) => {
        const one = bearerTokens([{ id: "x", token: listed }]);
        const ask = () => one(headerOf(`Bearer ${sent}`));
        if (listed === sent) expect(ask()).toEqual({ id: "x" });
        else expect(ask).toThrow();
      }),
    );
  });

  it.each([
    ["an empty list", [], "tokens: expected at least one token"],
    ["a short token", [{ id: "a", token: "a".repeat(15) }], "tokens[0].token: expected 16 or more"],
    ["an empty token", [{ id: "a", token: "" }], "got none; is its environment variable set?"],
    ["an empty id", [ana, { id: "", token: bo.token }], "tokens[1].id: expected"],
    ["a repeated token", [ana, { id: "b", token: ana.token }], "expected different tokens"],
  ])("throws for %s, without showing it", (_what, tokens, message) => {
    expect(() => bearerTokens(tokens)).toThrow(message);
    expect(() => bearerTokens(tokens)).not.toThrow("aaa");
  });
});

describe("readBearerToken", () => {
  it.each([
    ["Bearer a.b-c_d~e+f/g==", "a.b-c_d~e+f/g=="],
    ["BEARER x", "x"],
    ["Bearer", undefined],
    ["Bearer a b", undefined],
    ["Basic x", undefined],
    [undefined, undefined],
  ])("reads %s as %s", (authorization, token) => {
    expect(readBearerToken(headerOf(authorization))).toBe(token);
  });
});

describe("parseBearerTokens", () => {
  it("reads one caller per line", () => {
    const text = `# callers\r\nana ${ana.token} read write\n\n  bo   ${bo.token}\n`;
    expect(parseBearerTokens(text)).toEqual([ana, { ...bo, scopes: [] }]);
  });

  it.each(["ana", `ana short-secret`, `ana ${"secret".repeat(4)}!`])(
    "names the line of a malformed entry and shows no secret: %s",
    (line) => {
      expect(() => parseBearerTokens(`\n${line}`)).toThrow(/^line 2: expected an id/);
      expect(() => parseBearerTokens(`\n${line}`)).not.toThrow("secret");
    },
  );
});
