/**
 * The results of a server in the shape of a legacy revision: without the members that it lacks, and
 * with contents that it can show.
 */
import { isObject, type JSONObject } from "../protocol/json.ts";
import { type EncodedResult, type Result, resultBytes, withBytes } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import { setMember } from "./members.ts";
import { has } from "./revisions.ts";

/** The converted forms of results that are encoded ahead of time and sent many times. */
const converted = new WeakMap<Result, Map<string, Result>>();

/** Converts a complete result for a client of `version`. */
export function toLegacyResult(result: EncodedResult, version: string): Result {
  if (result[resultBytes] === undefined) return convert(result, version);
  const forms = converted.get(result) ?? new Map<string, Result>();
  converted.set(result, forms);
  let form = forms.get(version);
  if (form === undefined) {
    form = withBytes(convert(result, version));
    forms.set(version, form);
  }
  return form;
}

function convert(result: Result, version: string): Result {
  const converted: Record<string, unknown> = {};
  for (const name of Object.keys(result)) {
    const form = memberForms.get(name);
    const value = form === undefined ? result[name] : form(result[name], version);
    if (value !== undefined) setMember(converted, name, value);
  }
  return converted;
}

/** Returns the form of a member for a revision, or undefined if the revision lacks the member. */
type Form = (value: unknown, version: string) => unknown;

const absent: Form = () => undefined;
const listOf =
  (form: (entry: JSONObject, version: string) => unknown): Form =>
  (value, version) => {
    if (!Array.isArray(value)) return value;
    // Most entries need no change.
    let changed: unknown[] | undefined;
    for (const [index, entry] of value.entries()) {
      const own = form(entry, version);
      if (own === entry) continue;
      changed ??= [...value];
      changed[index] = own;
    }
    return changed ?? value;
  };

/** The forms of the members of results, whose names mean the same in all methods. */
const memberForms: ReadonlyMap<string, Form> = new Map(
  Object.entries({
    resultType: absent,
    ttlMs: absent,
    cacheScope: absent,
    _meta: metaIn,
    tools: listOf(toolIn),
    prompts: listOf((prompt, version) => ({
      ...entryIn(prompt, version),
      ...(Array.isArray(prompt.arguments) && {
        arguments: prompt.arguments.map((argument) => entryIn(argument, version)),
      }),
    })),
    resources: listOf(entryIn),
    resourceTemplates: listOf(entryIn),
    content: listOf(toLegacyContent),
    contents: listOf(withoutMeta),
    messages: listOf((message, version) => ({
      ...message,
      content: toLegacyContent(message.content as JSONObject, version),
    })),
    structuredContent: (value, version) =>
      has(version, "structuredContent") && isObject(value) ? value : undefined,
  } satisfies { readonly [name: string]: Form }),
);

/** Returns `_meta` without the members that the protocol has reserved since. */
function metaIn(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  let meta: Record<string, unknown> | undefined;
  for (const name of Object.keys(value)) {
    if (name === metaKeys.serverInfo) continue;
    meta ??= {};
    setMember(meta, name, value[name]);
  }
  return meta;
}

/** Removes the members of a list's entry that its revision lacks. */
function entryIn(entry: JSONObject, version: string): JSONObject {
  if (has(version, "icons")) return entry;
  const { icons: _icons, ...known } = entry;
  if (has(version, "structuredContent")) return known;
  const { title: _title, _meta, ...oldest } = known;
  return oldest;
}

function toolIn(tool: JSONObject, version: string): JSONObject {
  const { inputSchema, outputSchema, annotations, ...entry } = tool;
  const isObjectSchema = isObject(outputSchema) && outputSchema.type === "object";
  return {
    ...entryIn(entry, version),
    inputSchema: schemaIn(inputSchema),
    ...(isObjectSchema &&
      has(version, "structuredContent") && { outputSchema: schemaIn(outputSchema) }),
    ...(isObject(annotations) && has(version, "annotations") && { annotations }),
  };
}

/** Returns a schema of an object whose properties have schemas that are objects and not booleans. */
function schemaIn(schema: unknown): unknown {
  if (!isObject(schema) || !isObject(schema.properties)) return schema;
  const properties = Object.entries(schema.properties);
  if (!properties.some(([, property]) => typeof property === "boolean")) return schema;
  return { ...schema, properties: Object.fromEntries(properties.map(withObjectSchema)) };
}

function withObjectSchema([name, property]: readonly [string, unknown]) {
  if (typeof property !== "boolean") return [name, property] as const;
  return [name, property ? {} : { not: {} }] as const;
}

function withoutMeta(entry: JSONObject, version: string): JSONObject {
  if (has(version, "structuredContent") || entry._meta === undefined) return entry;
  const { _meta, ...known } = entry;
  return known;
}

/** Returns a content block, or a text in place of one that the revision lacks. */
export function toLegacyContent(block: JSONObject, version: string): JSONObject {
  // All revisions have texts, which are most of the blocks.
  if (block.type === "text" && block._meta === undefined) return block;
  if (block.type === "audio" && !has(version, "annotations")) {
    return { type: "text", text: `[audio, ${block.mimeType}: not supported by MCP ${version}]` };
  }
  if (block.type !== "resource_link") return embeddedIn(withoutMeta(block, version), version);
  if (has(version, "structuredContent")) return entryIn(block, version);
  return { type: "text", text: `${block.title ?? block.name}: ${block.uri}` };
}

function embeddedIn(block: JSONObject, version: string): JSONObject {
  if (!isObject(block.resource)) return block;
  return { ...block, resource: withoutMeta(block.resource, version) };
}
