import { describe, expect, it } from "vitest";
import { headOf, modern } from "../fixtures/head-of.ts";
import { claimValues } from "./claim-values.ts";
import { compileMatch } from "./match.ts";

const claims = {
  tenant: "acme",
  groups: ["staff", "admins", 7, { name: "x" }],
  level: 3,
  verified: true,
  realm_access: { roles: ["editor"], other: { deep: "yes" } },
  "https://example.com/roles": ["owner"],
  "a.b": "plain",
  a: { b: "nested" },
};

it.each([
  ["tenant", ["acme"]],
  ["groups", ["staff", "admins", "7"]],
  ["level", ["3"]],
  ["verified", ["true"]],
  ["realm_access.roles", ["editor"]],
  ["realm_access.other.deep", ["yes"]],
  ["realm_access", []],
  ["https://example.com/roles", ["owner"]],
  ["a.b", ["plain"]],
  ["none", []],
  ["none.deep", []],
  ["toString", []],
  ["realm_access.constructor", []],
])("returns the values of the claim %s", (name, values) => {
  expect(claimValues(claims, name)).toEqual(values);
});

it("returns no values without claims", () => {
  expect(claimValues(undefined, "tenant")).toEqual([]);
});

describe("conditions on the caller", () => {
  const head = headOf(...modern("tools/call", "search"));
  const caller = { id: "ana", scopes: ["books:read", "books:write"], claims };
  const holds = (match: object, who: typeof caller | undefined = caller) =>
    compileMatch(match, "sent").every((condition) =>
      condition.holds({ head, principal: who?.id, caller: who }),
    );

  it.each([
    [{ scope: "books:write" }, true],
    [{ scope: ["admin", "books:*"] }, true],
    [{ scope: "books" }, false],
    [{ claim: { tenant: "acme" } }, true],
    [{ claim: { tenant: "acme", groups: "admins" } }, true],
    [{ claim: { tenant: "acme", groups: "guests" } }, false],
    [{ claim: { tenant: ["other", "ac*"] } }, true],
    [{ scope: "admin", claim: { tenant: "acme" } }, false],
  ])("hold as %j says", (match, expected) => {
    expect(holds(match)).toBe(expected);
  });

  it("never hold for a caller whose credentials were not verified", () => {
    const match = (one: object) =>
      compileMatch(one, "sent").every(({ holds: test }) => test({ head, principal: undefined }));
    expect([match({ scope: "*" }), match({ claim: { tenant: "*" } })]).toEqual([false, false]);
  });

  it("describe what they found", () => {
    const [scope] = compileMatch({ scope: "admin" }, "sent");
    expect(scope?.actual({ head, principal: "ana", caller })).toBe("books:read books:write");
  });
});
