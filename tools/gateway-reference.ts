/**
 * Writes what follows from the schema of the gateway's configuration: packages/gateway/schema.json
 * for editors, and the generated parts of docs/gateway-config.md:
 *
 *     node --import tsx tools/gateway-reference.ts [--check]
 *
 * With `--check` nothing is written: a file that is out of date is a failure.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { configJsonSchema, type JsonSchema } from "../packages/gateway/src/config/json-schema.ts";
import { fill, tableOf, writeGenerated } from "./generated.ts";

const command = "node --import tsx tools/gateway-reference.ts";

/** Every key with its type, default and meaning: a table for each object. */
export function reference(schema: JsonSchema): string {
  return sectionsOf("", schema, [])
    .map(({ path, keys }) => {
      const title = path === "" ? [] : [`### \`${path}\``, ""];
      const about = keys.description === undefined ? [] : [`${sentence(keys.description)}`, ""];
      const rows = Object.entries(keys.properties ?? {}).map(([key, value]) => {
        const isRequired = keys.required?.includes(key) ?? false;
        return row(key, value, isRequired, below(path, key));
      });
      const table = tableOf(["Key", "Type", "Default", "Meaning"], rows);
      return [...title, ...about, table, ""].join("\n");
    })
    .join("\n")
    .trimEnd();
}

interface Section {
  readonly path: string;
  readonly keys: JsonSchema;
}

/** The object itself and those below it; one that was there before is not shown again. */
function sectionsOf(path: string, schema: JsonSchema, seen: string[]): Section[] {
  const { properties } = schema;
  if (properties === undefined) return [];
  const shape = JSON.stringify(properties);
  if (seen.includes(shape)) return [];
  seen.push(shape);
  const inside = Object.entries(properties).flatMap(([key, value]) =>
    objectsIn(below(path, key), value).flatMap((section) => {
      return sectionsOf(section.path, section.keys, seen);
    }),
  );
  return [{ path, keys: schema }, ...inside];
}

/** The objects with keys of their own that a value may be or hold. */
function objectsIn(path: string, schema: JsonSchema): Section[] {
  const { properties, additionalProperties, items, anyOf, description } = schema;
  if (properties !== undefined) return [{ path, keys: schema }];
  if (anyOf !== undefined) {
    return anyOf
      .flatMap((each) => objectsIn(path, each))
      .map(({ path: at, keys }) => ({
        path: at,
        keys: { ...(description && { description }), ...keys },
      }));
  }
  if (items !== undefined) return objectsIn(`${path}[]`, items);
  if (typeof additionalProperties !== "object") return [];
  return objectsIn(`${path}.<name>`, additionalProperties);
}

function below(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function row(key: string, schema: JsonSchema, isRequired: boolean, path: string): string[] {
  const { default: byDefault, description = "" } = schema;
  const objects = objectsIn(path, schema);
  const shown =
    byDefault === undefined || objects.length > 0 ? "" : code(JSON.stringify(byDefault));
  return [code(key), typeOf(schema), isRequired ? "required" : shown, sentence(description)];
}

function typeOf(schema: JsonSchema): string {
  const {
    type,
    anyOf,
    enum: values,
    const: only,
    items,
    properties,
    additionalProperties,
  } = schema;
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(" or ");
  if (only !== undefined) return code(JSON.stringify(only));
  if (values !== undefined) return values.map((value) => code(String(value))).join(", ");
  if (items !== undefined) return `array of ${plural(typeOf(items))}`;
  if (properties !== undefined) return "object";
  if (typeof additionalProperties === "object") {
    return `${plural(typeOf(additionalProperties))} by name`;
  }
  return `${type === "integer" ? "integer" : (type ?? "any")}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum }: JsonSchema): string {
  if (minimum === undefined) return "";
  return maximum === undefined ? `, at least ${minimum}` : `, ${minimum} to ${maximum}`;
}

function plural(type: string): string {
  return /^(?:string|object|integer)$/.test(type) ? `${type}s` : type;
}

function code(text: string): string {
  return `\`${text}\``;
}

function sentence(text: string): string {
  return text === "" || text.endsWith(".") ? text : `${text}.`;
}

/**
 * JSON as the formatter of this repository writes it: arrays that fit are in one line.
 *
 * @param used Number of columns before the value in its line
 */
export function formatJson(value: unknown, indent = "", used: number = indent.length): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isArray = Array.isArray(value);
  const entries = isArray
    ? value.map((item) => formatJson(item, inner))
    : Object.entries(value).map(([key, item]) => {
        const name = `${JSON.stringify(key)}: `;
        return name + formatJson(item, inner, inner.length + name.length);
      });
  if (entries.length === 0) return isArray ? "[]" : "{}";
  const line = `[${entries.join(", ")}]`;
  // A comma may follow.
  if (isArray && !line.includes("\n") && used + line.length < lineWidth) return line;
  const [open, close] = isArray ? "[]" : "{}";
  return `${open}\n${inner}${entries.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** The `lineWidth` of biome.json. */
const lineWidth = 100;

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) => readFileSync(`${root}/${path}`, "utf8");
  const schema = configJsonSchema();
  const example = read("packages/gateway/src/config/fixtures/annotated.yaml");
  const guide = fill(read("docs/gateway-config.md"), "keys", reference(schema));
  return writeGenerated(root, command, {
    "packages/gateway/schema.json": `${formatJson(schema)}\n`,
    "docs/gateway-config.md": fill(guide, "example", `\`\`\`yaml\n${example}\`\`\``),
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
