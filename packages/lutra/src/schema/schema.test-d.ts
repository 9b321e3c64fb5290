import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import * as z from "zod";
import type { FromJSONSchema } from "./from-json-schema.ts";
import type { Input, Output } from "./schema.ts";

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Plain JSON Schema literals. */
const place = {
  type: "object",
  properties: {
    name: { type: "string" },
    population: { type: "integer" },
    tags: { type: "array", items: { type: "string" } },
    where: { type: "object", properties: { lat: { type: "number" } }, required: ["lat"] },
    kind: { enum: ["city", "river"] },
    code: { const: 7 },
    note: { type: ["string", "null"] },
    either: { anyOf: [{ type: "boolean" }, { type: "number" }] },
    any: {},
  },
  required: ["name", "where"],
} as const;

type Place = FromJSONSchema<typeof place>;
const _name: Equal<Place["name"], string> = true;
const _population: Equal<Place["population"], number | undefined> = true;
const _tags: Equal<Place["tags"], string[] | undefined> = true;
const _where: Equal<Place["where"], { lat: number }> = true;
const _kind: Equal<Place["kind"], "city" | "river" | undefined> = true;
const _code: Equal<Place["code"], 7 | undefined> = true;
const _note: Equal<Place["note"], string | null | undefined> = true;
const _either: Equal<Place["either"], boolean | number | undefined> = true;
const _any: Equal<Place["any"], unknown> = true;
const _valid: Place = { name: "Lyon", where: { lat: 45.7 } };
// @ts-expect-error name is required
const _missing: Place = { where: { lat: 45.7 } };
// @ts-expect-error name is a string
const _wrong: Place = { name: 1, where: { lat: 45.7 } };
// @ts-expect-error a river is not a lake
const _lake: Place = { name: "", where: { lat: 0 }, kind: "lake" };

const _null: Equal<FromJSONSchema<{ type: "null" }>, null> = true;
const _list: Equal<FromJSONSchema<{ type: "array" }>, unknown[]> = true;
const _object: Equal<FromJSONSchema<{ type: "object" }>, { [key: string]: unknown }> = true;
const _oneOf: Equal<FromJSONSchema<{ oneOf: [{ const: 1 }, { const: "a" }] }>, 1 | "a"> = true;
const _unknown: Equal<FromJSONSchema<{ $ref: "#/$defs/a" }>, unknown> = true;

/** Schemas of libraries: what goes in and what comes out. */
const zod = z.object({ days: z.string().transform(Number), city: z.string().default("Lyon") });
const _zodIn: Equal<Input<typeof zod>, { days: string; city?: string | undefined }> = true;
const _zodOut: Equal<Output<typeof zod>, { days: number; city: string }> = true;

const valibot = toStandardJsonSchema(v.object({ days: v.number(), city: v.optional(v.string()) }));
const _valibot: Equal<Output<typeof valibot>, { days: number; city?: string | undefined }> = true;

const ark = type({ days: "number", "city?": "string" });
const _ark: Equal<Output<typeof ark>, { days: number; city?: string }> = true;
