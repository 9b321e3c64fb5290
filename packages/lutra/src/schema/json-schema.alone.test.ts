/** The time that a hostile schema takes, from its first appearance to the end of a validation. */
import { describe, expect, it } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import { createJSONSchemaValidator } from "./json-schema.ts";

const list = <T>(length: number, item: (index: number) => T) =>
  Array.from({ length }, (_, index) => item(index));
const members = <T>(length: number, member: (index: number) => T) =>
  Object.fromEntries(list(length, (index) => [`k${index}`, member(index)]));

const long = "a/".repeat(500_000);
const tiny = 1e-320;
const cases: readonly (readonly [string, () => JSONObject, () => unknown])[] = [
  ["alternatives", () => ({ anyOf: list(4900, (at) => ({ const: at, minimum: at })) }), () => "x"],
  [
    "exclusive alternatives of items",
    () => ({ items: { oneOf: list(4900, (at) => ({ const: at })) } }),
    () => list(20_000, () => 1e9),
  ],
  [
    "alternatives of references",
    () => ({
      $defs: members(2400, (at) => ({ const: at })),
      anyOf: list(2400, (at) => ({ $ref: `#/$defs/k${at}` })),
    }),
    () => "x",
  ],
  [
    "conditions of items",
    () => ({ items: { allOf: list(1600, (at) => ({ if: { const: at }, else: {} })) } }),
    () => list(20_000, () => -1),
  ],
  [
    "first items",
    () => ({ prefixItems: list(4900, (at) => ({ const: at })) }),
    () => list(4900, (at) => at),
  ],
  [
    "dependent schemas",
    () => ({ dependentSchemas: members(4900, () => ({ minProperties: 1 })) }),
    () => members(4900, () => 1),
  ],
  [
    "properties that are closed",
    () => ({ properties: members(4900, () => ({ type: "string" })), additionalProperties: false }),
    () => members(4900, () => "x"),
  ],
  ["definitions that nothing refers to", () => ({ $defs: members(4900, () => ({})) }), () => 1],
  ["constants", () => ({ items: { enum: list(49_000, (at) => `${at}`) } }), () => ["x"]],
  ["long constants", () => ({ enum: list(20, (at) => "a".repeat(400_000) + at) }), () => "x"],
  ["required properties", () => ({ required: list(49_000, (at) => `k${at}`) }), () => ({})],
  [
    "dependent properties",
    () => ({ dependentRequired: members(4900, (at) => list(8, (to) => `${at}.${to}`)) }),
    () => members(4900, () => 1),
  ],
  [
    "patterns of properties",
    () => ({ patternProperties: Object.fromEntries(list(1000, (at) => [`^k${at}$`, {}])) }),
    () => members(5000, () => 1),
  ],
  [
    "a pattern with many states",
    () => ({ pattern: "^(a{0,1000}){0,30}$" }),
    () => "a".repeat(30_000),
  ],
  [
    "unevaluated properties",
    () => ({
      allOf: list(1600, (at) => ({ properties: { [`k${at}`]: true }, unevaluatedProperties: {} })),
    }),
    () => members(1600, () => 1),
  ],
  [
    "multiples of a tiny number",
    () => ({ items: { multipleOf: tiny } }),
    () => list(40_000, (at) => 1e308 - at),
  ],
  ["a reference of slashes", () => ({ $ref: `#${"/".repeat(4_000_000)}` }), () => 1],
  ["a reference of escapes", () => ({ $ref: `#/${"~1".repeat(4_000_000)}` }), () => 1],
  [
    "relative references to a long identifier",
    () => ({ $id: `x:/${long}`, $defs: members(4900, () => ({ $ref: "#/$defs/k0" })) }),
    () => 1,
  ],
  [
    "identifiers relative to a long one",
    () => ({ $id: `x:/${long}`, $defs: members(4900, (at) => ({ $id: `b${at}` })) }),
    () => 1,
  ],
  [
    "references that double, beside other keywords",
    () => ({
      $defs: members(40, (at) => {
        const next = { type: "number", $ref: `#/$defs/k${at + 1}` };
        return at < 39 ? { type: "number", allOf: [next, next] } : { type: "number", minimum: 0 };
      }),
      $ref: "#/$defs/k0",
    }),
    () => 1,
  ],
  [
    "recursive references",
    () => ({
      $schema: "https://json-schema.org/draft/2019-09/schema",
      allOf: list(4, () => ({ items: { $recursiveRef: "#" } })),
    }),
    () => list(30, () => 0).reduce<unknown>((inner) => [inner], 1),
  ],
  [
    "alternatives of many items",
    () => ({ items: { anyOf: list(2000, () => ({ type: "number" })) } }),
    () => list(20_000, () => "x"),
  ],
  [
    "references that go round",
    () => ({
      $defs: members(4900, (at) => ({ $ref: `#/$defs/k${(at + 1) % 4900}` })),
      $ref: "#/$defs/k0",
    }),
    () => 1,
  ],
];

/** Returns the processor time of an action, in milliseconds. */
function millisecondsOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe("basic/index#composition-keyword-resource-use: a schema takes a bounded time", () => {
  it.each(cases)("%s", (_what, schema, value) => {
    const [one, values] = [schema(), value()];
    const validate = () => {
      try {
        createJSONSchemaValidator()(one)(values);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        expect((error as Error).message.length).toBeLessThan(1500);
      }
    };
    // The shortest of several runs, because the time also contains that of the garbage collector.
    const times = [1, 2, 3].map(() => millisecondsOf(validate));
    expect(Math.min(...times)).toBeLessThan(150);
  });
});
