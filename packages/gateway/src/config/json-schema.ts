/** The JSON Schema of the configuration: for editors, the reference, and hints about unknown keys. */
import { z } from "zod";
import { configSchema } from "./schema.ts";

export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: { readonly [key: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** Returns the JSON Schema of a written configuration. Draft 7 has the best support in editors. */
export function configJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, {
    io: "input",
    target: "draft-7",
    override: ({ jsonSchema }) => {
      // The limits of JavaScript's integers and zod's own format names do not help readers.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.format === "starts_with") delete jsonSchema.format;
      // Any string is allowed as a key of a JSON object anyway.
      const names = jsonSchema.propertyNames;
      if (typeof names === "object" && Object.keys(names).join() === "type") {
        delete jsonSchema.propertyNames;
      }
    },
  }) as JsonSchema;
}

/** Returns the schemas that may apply to the value at a path: several if there are alternatives. */
export function schemasAt(root: JsonSchema, path: readonly PropertyKey[]): readonly JsonSchema[] {
  return path.reduce<readonly JsonSchema[]>(
    (schemas, key) => schemas.flatMap((schema) => stepInto(schema, key)),
    alternatives(root),
  );
}

function stepInto(
  { items, properties = {}, additionalProperties }: JsonSchema,
  key: PropertyKey,
): readonly JsonSchema[] {
  if (typeof key === "number") return items === undefined ? [] : alternatives(items);
  const known = Object.hasOwn(properties, key) ? properties[String(key)] : additionalProperties;
  return typeof known === "object" ? alternatives(known) : [];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(alternatives);
}
