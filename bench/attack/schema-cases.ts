/** Schemas with values that are expensive to validate. Imported by both sides of the attack. */
import * as z from "zod";

/** An argument of a tool, sent in a request of at most 4 MiB. */
export interface ArgumentCase {
  readonly what: string;
  /** The schema of the argument `v`: a JSON Schema, or the argument's zod schema. */
  readonly schema: object | z.ZodType;
  /** The JSON of the argument. */
  readonly json: () => string;
}

/** The data that a hostile server sends: an output schema and structured content. */
export interface ResultCase {
  readonly what: string;
  readonly schema: object;
  readonly json: () => string;
}

/** The default `maxBodyBytes` of a server, less the envelope of a request. */
const maxBytes = 4 * 1024 * 1024 - 1000;
/** Number of values that a message may contain, less those of the envelope. */
const maxValues = 99_000;

const listOf = (item: string, bytes = maxBytes) =>
  `[${Array.from({ length: Math.floor((bytes - 2) / (item.length + 1)) }, () => item).join(",")}]`;
const manyOf = (item: string, count = maxValues) => `[${Array(count).fill(item).join(",")}]`;
const numbers = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => i));
const keys = (count: number) =>
  JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1])));
const nested = (depth: number, inner = "1") => `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`;

const fourTypes = ["object", "array", "string", "number"].map((type) => ({ type }));
const manyProperties = Array.from({ length: 20 }, (_, i) => ({ properties: { [`k${i}`]: true } }));
const row = { properties: { a: { type: "number" }, b: { type: "string" } }, required: ["a", "b"] };

export const argumentCases: readonly ArgumentCase[] = [
  { what: "items: number, valid", schema: { items: { type: "number" } }, json: () => manyOf("1") },
  { what: "items: number, 4 MiB", schema: { items: { type: "number" } }, json: () => listOf("1") },
  {
    what: "items: object of two members, valid",
    schema: { items: { type: "object", ...row, additionalProperties: false } },
    json: () => manyOf('{"a":1,"b":"x"}', 19_000),
  },
  {
    what: "items: anyOf of four types, valid",
    schema: { items: { anyOf: fourTypes } },
    json: () => manyOf("1"),
  },
  {
    what: "items: anyOf of four types, objects that are invalid",
    schema: { items: { anyOf: fourTypes.map((one) => ({ ...one, minProperties: 1 })) } },
    json: () => manyOf("{}"),
  },
  {
    what: "items: string, numbers",
    schema: { items: { type: "string" } },
    json: () => manyOf("1"),
  },
  {
    what: "additionalProperties: false, 49,000 keys",
    schema: { additionalProperties: false },
    json: () => keys(49_000),
  },
  {
    what: "patternProperties of three, 49,000 keys",
    schema: {
      patternProperties: { "^k\\d+$": { type: "number" }, "^[a-z]+$": true, "9$": { minimum: 0 } },
    },
    json: () => keys(49_000),
  },
  {
    what: "allOf of twenty, unevaluatedProperties: false, 49,000 keys",
    schema: { allOf: manyProperties, unevaluatedProperties: false },
    json: () => keys(49_000),
  },
  {
    what: "uniqueItems, 99,000 numbers",
    schema: { uniqueItems: true },
    json: () => numbers(maxValues),
  },
  {
    what: "uniqueItems, objects",
    schema: { uniqueItems: true },
    json: () => `[${Array.from({ length: 19_000 }, (_, i) => `{"a":{"b":${i}}}`).join(",")}]`,
  },
  {
    what: "format: url, 4 MiB",
    schema: { format: "url" },
    json: () => JSON.stringify(`http://${"a".repeat(maxBytes - 20)}!`),
  },
  {
    what: "pattern with nested quantifiers, 4 MiB",
    schema: { pattern: "^(a+)+$" },
    json: () => JSON.stringify(`${"a".repeat(maxBytes - 20)}!`),
  },
  {
    what: "enum of 1,000 objects, objects",
    schema: { items: { enum: Array.from({ length: 1000 }, (_, i) => ({ a: i })) } },
    json: () => manyOf('{"a":999}', 33_000),
  },
  {
    what: "a recursive $ref, nested lists",
    schema: { items: { $ref: "#/properties/v" } },
    json: () => nested(2_000_000),
  },
  { what: "zod array of numbers, strings", schema: z.array(z.number()), json: () => manyOf('""') },
  { what: "zod array of numbers, valid", schema: z.array(z.number()), json: () => manyOf("1") },
];

const recursive2019 = {
  $schema: "https://json-schema.org/draft/2019-09/schema",
  $recursiveAnchor: true,
  allOf: Array.from({ length: 4 }, () => ({ items: { $recursiveRef: "#" } })),
};

export const resultCases: readonly ResultCase[] = [
  {
    what: "pattern with nested quantifiers, 35 characters",
    schema: { pattern: "^(a+)+$" },
    json: () => JSON.stringify(`${"a".repeat(34)}!`),
  },
  {
    what: "format: url, 36 characters",
    schema: { format: "url" },
    json: () => JSON.stringify(`http://${"a".repeat(34)}!`),
  },
  {
    what: "$recursiveRef four times, 30 nested lists",
    schema: recursive2019,
    json: () => nested(30),
  },
  {
    what: "$dynamicRef twice, 30 nested lists",
    schema: {
      $dynamicAnchor: "a",
      allOf: [{ items: { $dynamicRef: "#a" } }, { items: { $dynamicRef: "#a" } }],
    },
    json: () => nested(30),
  },
  {
    what: "enum of 200,000, 200,000 items",
    schema: { items: { enum: Array.from({ length: 200_000 }, (_, i) => i) } },
    json: () => numbers(200_000),
  },
  {
    what: "anyOf of 2,000, 20,000 items",
    schema: { items: { anyOf: Array.from({ length: 2000 }, () => ({ type: "number" })) } },
    json: () => listOf('"x"', 80_000),
  },
  {
    what: "anyOf of 4,900 that differ, 20,000 items",
    schema: { items: { anyOf: Array.from({ length: 4900 }, (_, i) => ({ const: i })) } },
    json: () => listOf('"x"', 80_000),
  },
  {
    what: "$id of 1 MB, 4,900 relative to it",
    schema: {
      $id: `x:/${"a/".repeat(500_000)}`,
      $defs: Object.fromEntries(Array.from({ length: 4900 }, (_, i) => [i, { $id: `b${i}` }])),
    },
    json: () => "1",
  },
  {
    what: "a pattern of 30,000 states, 30,000 characters",
    schema: { pattern: "^(a{0,1000}){0,30}$" },
    json: () => JSON.stringify("a".repeat(30_000)),
  },
  {
    what: "multipleOf 1e-320, 40,000 numbers",
    schema: { items: { multipleOf: 1e-320 } },
    json: () => listOf("1e308", 240_000),
  },
  {
    what: "$ref that doubles, 40 levels",
    schema: {
      $defs: Object.fromEntries(
        Array.from({ length: 40 }, (_, i) => [
          `d${i}`,
          { allOf: [{ $ref: `#/$defs/d${i + 1}` }, { $ref: `#/$defs/d${i + 1}` }] },
        ]).concat([["d40", { type: "number" }]] as never),
      ),
      $ref: "#/$defs/d0",
    },
    json: () => "1",
  },
  {
    what: "3,000,000 wrong items",
    schema: { items: { type: "string" } },
    json: () => listOf("1", 6_000_000),
  },
  {
    what: "4,000 patterns with character properties",
    schema: {
      properties: Object.fromEntries(
        Array.from({ length: 4000 }, (_, i) => [`k${i}`, { pattern: `^[\\p{L}\\p{N}${i}]+$` }]),
      ),
    },
    json: () =>
      JSON.stringify(Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`k${i}`, "äö"]))),
  },
];
