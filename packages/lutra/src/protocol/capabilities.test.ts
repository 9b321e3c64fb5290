import { describe, expect, it } from "vitest";
import type { ClientCapabilities } from "./capabilities.ts";
import { hasCapabilities, requireCapabilities } from "./capabilities.ts";

const form = { elicitation: { form: {} } };
const url = { elicitation: { url: {} } };
const x = { extensions: { "com.example/x": {} } };
const y = { extensions: { "com.example/y": {} } };

type Row = readonly [ClientCapabilities, ClientCapabilities, ClientCapabilities];

describe("client/elicitation#capabilities", () => {
  it("an empty capabilities object is equivalent to declaring support for form mode only", () => {
    expect(hasCapabilities(form, { elicitation: {} })).toBe(true);
    expect(hasCapabilities(url, { elicitation: {} })).toBe(false);
  });

  it("a client that declares url mode only has no form mode", () => {
    expect(hasCapabilities(form, url)).toBe(false);
    expect(hasCapabilities(url, url)).toBe(true);
  });
});

describe("basic/index#meta: capabilities", () => {
  it.each<Row>([
    [{}, {}, {}],
    [{ sampling: {} }, {}, { sampling: {} }],
    [{ sampling: { tools: {} } }, { sampling: {} }, { sampling: { tools: {} } }],
    [{ sampling: {} }, { sampling: { tools: {} } }, {}],
    [form, {}, form],
    [url, { elicitation: {} }, url],
    [{ ...form, sampling: {}, roots: {} }, { roots: {} }, { ...form, sampling: {} }],
    [x, {}, x],
    [x, y, x],
    [x, { extensions: { ...x.extensions, ...y.extensions } }, {}],
  ])("required %j, declared %j: the error lists %j", (required, declared, missing) => {
    const isMissing = Object.keys(missing).length > 0;
    expect(hasCapabilities(required, declared)).toBe(!isMissing);
    if (!isMissing) return expect(() => requireCapabilities(required, declared)).not.toThrow();
    expect(() => requireCapabilities(required, declared)).toThrow(
      expect.objectContaining({
        code: -32021,
        status: 400,
        data: { requiredCapabilities: missing },
      }),
    );
  });

  it("the error message names the missing capabilities", () => {
    expect(() => requireCapabilities({ sampling: {}, roots: {} }, {})).toThrow(/sampling, roots/);
  });

  it("treats a capability that is not an object as undeclared", () => {
    const declared = JSON.parse('{"__proto__":{"sampling":{}},"roots":null}');
    expect(hasCapabilities({ sampling: {} }, declared)).toBe(false);
    expect(hasCapabilities({ roots: {} }, declared)).toBe(false);
  });

  it("hasCapabilities changes none of its arguments", () => {
    const declared = Object.freeze({ elicitation: Object.freeze({}) });
    expect(hasCapabilities(Object.freeze(form), declared)).toBe(true);
    expect(declared).toEqual({ elicitation: {} });
  });
});
