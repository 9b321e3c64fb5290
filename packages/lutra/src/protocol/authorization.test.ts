import { describe, expect, it } from "vitest";
import { forbidden, isPrincipal, requireScopes, unauthorized } from "./authorization.ts";

describe("unauthorized", () => {
  it("is a 401 with the challenge Bearer by default", () => {
    expect(unauthorized()).toMatchObject({ status: 401, code: -32600, challenge: "Bearer" });
  });

  it("takes the challenge of a resource server", () => {
    const challenge = 'Bearer resource_metadata="https://a.example/.well-known", scope="read"';
    expect(unauthorized({ challenge, message: "who?" })).toMatchObject({
      challenge,
      message: "who?",
    });
  });
});

describe("forbidden", () => {
  it("names the required scopes in its challenge", () => {
    expect(forbidden({ scope: "files:read files:write" })).toMatchObject({
      status: 403,
      code: -32600,
      challenge: 'Bearer error="insufficient_scope", scope="files:read files:write"',
    });
  });

  it("has no challenge without a scope", () => {
    expect(forbidden({ message: "not yours" })).toMatchObject({
      status: 403,
      message: "not yours",
      challenge: undefined,
    });
  });

  it.each(["", " a", "a  b", 'a"b', "a\\b", "a\nb", "ä"])(
    "throws for a scope that a header cannot carry: %j",
    (scope) => {
      expect(() => forbidden({ scope })).toThrow(TypeError);
    },
  );
});

describe("requireScopes", () => {
  it("accepts a principal with all scopes", () => {
    const principal = { id: "ana", scopes: ["a", "b", "c"] };
    expect(() => requireScopes(principal, ["c", "a"])).not.toThrow();
    expect(() => requireScopes({ id: "bo" }, [])).not.toThrow();
  });

  it("finds no scope in a text", () => {
    const principal = { id: "ana", scopes: "www" } as never;
    expect(() => requireScopes(principal, ["w"])).toThrow(expect.objectContaining({ status: 403 }));
  });

  it("names all required scopes, not only those that are missing", () => {
    expect(() => requireScopes({ id: "ana", scopes: ["a"] }, ["a", "b"])).toThrow(
      expect.objectContaining({
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="a b"',
      }),
    );
    expect(() => requireScopes({ id: "bo" }, ["a"])).toThrow(
      expect.objectContaining({ status: 403 }),
    );
  });

  it("asks a caller without a principal for credentials", () => {
    expect(() => requireScopes(undefined, [])).toThrow(expect.objectContaining({ status: 401 }));
  });
});

it("isPrincipal accepts an id with optional scopes and claims", () => {
  expect(isPrincipal({ id: "a", scopes: undefined, claims: undefined })).toBe(true);
  expect(isPrincipal({ id: "a", scopes: ["x"], claims: { iss: "b" } })).toBe(true);
});
