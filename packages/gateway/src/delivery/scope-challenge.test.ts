import { expect, it } from "vitest";
import { scopeFailureOf, scopesIn } from "./scope-challenge.ts";

it.each<[string | undefined, readonly string[] | undefined]>([
  [undefined, undefined],
  ["Bearer", undefined],
  ['Bearer error="invalid_token", scope="a"', undefined],
  ['Bearer error="insufficient_scope_x", scope="a"', undefined],
  ['Bearer error="insufficient_scope"', []],
  ['Bearer error="insufficient_scope", scope="a b a"', ["a", "b"]],
  ['Bearer scope="a", error=insufficient_scope', ["a"]],
  ['DPoP error="insufficient_scope",scope="a",algs="ES256"', ["a"]],
  ['Bearer error="insufficient_scope", error_description="x", scope="a\u00e9 b"', ["b"]],
  [`Bearer error="insufficient_scope", scope="${"a".repeat(1025)}"`, []],
])("reads the scopes of %j", (challenge, scopes) => {
  expect(scopesIn(challenge)).toEqual(scopes);
});

it("reads at most 20 scopes", () => {
  const scope = Array.from({ length: 30 }, (_, index) => `s${index}`).join(" ");
  expect(scopesIn(`Bearer error="insufficient_scope", scope="${scope}"`)).toHaveLength(20);
});

it("names the scopes, the upstream and the remedy, and has no challenge", () => {
  const { error, reason } = scopeFailureOf("books", ["books:write"]);
  expect(reason).toBe("insufficient-scope");
  expect(error).toMatchObject({
    status: 403,
    challenge: undefined,
    data: { upstream: "books", scopes: ["books:write"] },
  });
  expect(error.message).toContain("requires the scope books:write");
  expect(scopeFailureOf("books", []).error.message).toContain("requires further scopes");
});
