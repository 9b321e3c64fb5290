/**
 * Writes what follows from the schema of the gateway's configuration: packages/gateway/schema.json
 * for editors, and the generated parts of docs/gateway-config.md:
 *
 *     node --import tsx tools/gateway-reference.ts [--check]
 *
 * With `--check` nothing is written: a file that is out of date is a failure.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { configJsonSchema, type JsonSchema } from "../packages/gateway/src/config/json-schema.ts";

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
      const head = ["| Key | Type | Default | Meaning |", "| --- | --- | --- | --- |"];
      return [...title, ...about, ...head, ...rows, ""].join("\n");
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

function row(key: string, schema: JsonSchema, isRequired: boolean, path: string): string {
  const { default: byDefault, description = "" } = schema;
  const objects = objectsIn(path, schema);
  const shown =
    byDefault === undefined || objects.length > 0 ? "" : code(JSON.stringify(byDefault));
  const cells = [code(key), typeOf(schema), isRequired ? "required" : shown, sentence(description)];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
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

/** Puts text between the comments `<!-- name -->` and `<!-- /name -->`. */
export function fill(document: string, name: string, text: string): string {
  const [before, after] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const start = document.indexOf(before);
  const end = document.indexOf(after);
  if (start === -1 || end < start) throw new Error(`expected ${before} and ${after}`);
  return `${document.slice(0, start)}${before}\n\n${text.trim()}\n\n${document.slice(end)}`;
}

/** JSON as the formatter of this repository writes it: short arrays in one line. */
export function formatJson(value: unknown, indent = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const isArray = Array.isArray(value);
  const entries = isArray
    ? value.map((item) => formatJson(item, inner))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}: ${formatJson(item, inner)}`,
      );
  if (entries.length === 0) return isArray ? "[]" : "{}";
  const line = `[${entries.join(", ")}]`;
  if (isArray && !line.includes("\n") && inner.length + line.length < 80) return line;
  const [open, close] = isArray ? "[]" : "{}";
  return `${open}\n${inner}${entries.join(`,\n${inner}`)}\n${indent}${close}`;
}

function main(isCheck: boolean): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const read = (path: string) =>
    existsSync(`${root}/${path}`) ? readFileSync(`${root}/${path}`, "utf8") : "";
  const schema = configJsonSchema();
  const example = read("packages/gateway/src/config/fixtures/annotated.yaml");
  const guide = fill(read("docs/gateway-config.md"), "keys", reference(schema));
  const files = {
    "packages/gateway/schema.json": `${formatJson(schema)}\n`,
    "docs/gateway-config.md": fill(guide, "example", `\`\`\`yaml\n${example}\`\`\``),
  };
  let stale = 0;
  for (const [path, text] of Object.entries(files)) {
    if (read(path) === text) continue;
    if (isCheck) {
      console.error(`${path} is out of date. Run: ${command}`);
      stale += 1;
    } else {
      writeFileSync(`${root}/${path}`, text);
    }
  }
  return stale > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = main(process.argv.includes("--check"));
}
