import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createPrincipalEncoder,
  createPrincipalKey,
  maxPrincipalLength,
  passedPrincipal,
  principalHeader,
} from "./node-passed-principal.ts";

const key = createPrincipalKey();
const encode = createPrincipalEncoder(key);
const read = passedPrincipal(key);
const headerOf = (value?: string) => (name: string) =>
  name === principalHeader ? value : undefined;

describe("a principal that a gateway passes on", () => {
  it("arrives with its scopes and claims", () => {
    const principals = fc.record(
      {
        id: fc.string({ minLength: 1, unit: "grapheme" }),
        scopes: fc.array(fc.string()),
        claims: fc.dictionary(fc.string(), fc.string()),
      },
      { requiredKeys: ["id"] },
    );
    fc.assert(
      fc.property(principals, (principal) => {
        const encoded = encode(principal);
        expect(encoded).toMatch(/^[A-Za-z0-9._-]+$/);
        expect(read(headerOf(encoded))).toEqual(JSON.parse(JSON.stringify(principal)));
      }),
    );
  });

  it("is absent without the header", () => {
    expect(read(headerOf())).toBeUndefined();
  });

  it("is refused when it was signed with another key, changed, or not signed", () => {
    const encoded = encode({ id: "ana" });
    const [text = "", signature = ""] = encoded.split(".");
    const other = Buffer.from(JSON.stringify({ id: "root" })).toString("base64url");
    const forged = [
      createPrincipalEncoder(createPrincipalKey())({ id: "ana" }),
      `${other}.${signature}`,
      `${text}.`,
      `${text}.${signature.slice(0, -4)}`,
      `.${signature}`,
      signature,
      text,
      "",
      `${encoded}, ${encoded}`,
    ];
    for (const value of forged) {
      expect(() => read(headerOf(value))).toThrow(expect.objectContaining({ status: 401 }));
    }
  });

  it("is signed once per object", () => {
    const principal = { id: "ana" };
    expect(encode(principal)).toBe(encode(principal));
  });

  it("must fit into a header", () => {
    const large = { id: "a", claims: { groups: "x".repeat(maxPrincipalLength) } };
    expect(() => encode(large)).toThrow("principal: expected at most");
  });
});
