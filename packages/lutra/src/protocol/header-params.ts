/**
 * `x-mcp-header`: tool arguments that HTTP mirrors into `Mcp-Param-*` headers.
 *
 * @spec basic/transports/streamable-http#custom-headers-from-tool-parameters
 */
import { decodeHeaderValue, encodeHeaderValue, headerNames, mismatch } from "./http-headers.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";

const annotation = "x-mcp-header";
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const primitives = ["string", "integer", "boolean"];
/** Keywords whose values are data and not schemas. */
const dataKeywords = new Set(["const", "enum", "default", "examples"]);
/** Keywords whose members are named schemas. */
const schemaMaps = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "$defs",
  "definitions",
]);
/** Maximum nesting of a schema, far above that of real schemas. */
const maxDepth = 64;
const integer = /^-?\d+(?:\.0+)?$/;

/** One annotated property of a tool's input schema. */
export interface HeaderParam {
  /** The header, for example `Mcp-Param-Region`. */
  readonly header: string;
  /** The property's path from the root of the arguments. */
  readonly path: readonly string[];
  readonly type: "string" | "integer" | "boolean";
}

/**
 * Returns the annotated properties of an input schema.
 *
 * @throws {TypeError} for an annotation that violates a constraint
 * @spec basic/transports/streamable-http#schema-extension
 */
export function headerParams(inputSchema: JSONObject): readonly HeaderParam[] {
  const found: HeaderParam[] = [];
  collect(inputSchema, { path: [], isReachable: true, depth: 0 }, found);
  const names = new Set<string>();
  for (const { header } of found) {
    const name = header.toLowerCase();
    if (names.has(name)) throw new TypeError(`${annotation}: ${header} is used twice`);
    names.add(name);
  }
  return found;
}

/**
 * Returns the headers for one call. An argument that is absent or `null` has no header.
 *
 * @throws {TypeError} for an integer outside the safe range, which recipients would round
 */
export function encodeHeaderParams(
  params: readonly Pick<HeaderParam, "header" | "path">[],
  args: JSONObject,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of params) {
    const value = valueAt(args, path);
    if (value === undefined || value === null) continue;
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new TypeError(`arguments.${path.join(".")}: expected an integer in the safe range`);
    }
    headers[header] = encodeHeaderValue(String(value));
  }
  return headers;
}

/**
 * Checks the `Mcp-Param-*` headers of a call against its arguments.
 *
 * @throws {ProtocolError} `headerMismatch`, with the path of the argument for each header of the
 *   tool in `data.mirrored`
 * @spec basic/transports/streamable-http#server-behavior-for-custom-headers
 */
export function requireHeaderParams(
  params: readonly HeaderParam[],
  args: JSONObject,
  header: (name: string) => string | undefined,
): void {
  for (const param of params) {
    const sent = header(param.header.toLowerCase());
    const value = valueAt(args, param.path) ?? undefined;
    if (value === undefined && sent === undefined) continue;
    const problem = problemOf(sent, value, param.header);
    if (problem === undefined) continue;
    const mirrored = Object.fromEntries(params.map(({ header, path }) => [header, path]));
    throw mismatch(`${param.header}: ${problem}`, { mirrored });
  }
}

function problemOf(sent: string | undefined, value: unknown, header: string): string | undefined {
  if (sent === undefined) return "missing, but its argument is present";
  const text = decodeHeaderValue(sent, header);
  if (value === undefined) return "sent, but its argument is absent";
  return isSame(text, value) ? undefined : "does not match its argument";
}

/**
 * Compares integers as numbers, so that `42.0` equals `42`. A value whose type no header can carry
 * is compared as text; validation against the schema rejects it later, with a message for the
 * model.
 */
function isSame(text: string, value: unknown): boolean {
  if (!Number.isInteger(value)) return text === String(value);
  return integer.test(text) && Number.isSafeInteger(value) && Number(text) === value;
}

function valueAt(args: JSONObject, path: readonly string[]): unknown {
  let value: unknown = args;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}

interface Place {
  readonly path: readonly string[];
  /** True when the path from the root consists of `properties` only. */
  readonly isReachable: boolean;
  readonly depth: number;
}

/** Visits the whole schema, because an annotation outside a chain of `properties` is an error. */
function collect(schema: unknown, place: Place, found: HeaderParam[]): void {
  if (typeof schema !== "object" || schema === null) return;
  const { path, depth } = place;
  if (depth > maxDepth) throw new TypeError(`${annotation}: the schema is nested too deeply`);
  if (isObject(schema) && Object.hasOwn(schema, annotation)) {
    found.push(headerParam(schema, place));
  }
  for (const [keyword, value] of Object.entries(schema)) {
    if (dataKeywords.has(keyword)) continue;
    if (schemaMaps.has(keyword) && isObject(value)) collectMembers(keyword, value, place, found);
    else collect(value, { path, isReachable: false, depth: depth + 1 }, found);
  }
}

function collectMembers(
  keyword: string,
  members: JSONObject,
  { path, isReachable, depth }: Place,
  found: HeaderParam[],
): void {
  const isChain = keyword === "properties" && isReachable;
  for (const [name, member] of Object.entries(members)) {
    collect(member, { path: [...path, name], isReachable: isChain, depth: depth + 1 }, found);
  }
}

function headerParam(schema: JSONObject, { path, isReachable }: Place): HeaderParam {
  const name = schema[annotation];
  const where = path.join(".") || "the root";
  if (typeof name !== "string" || !token.test(name)) {
    throw new TypeError(`${annotation} at ${where}: expected a valid HTTP field name`);
  }
  if (!isReachable || path.length === 0) {
    throw new TypeError(
      `${annotation} at ${where}: expected a property below \`properties\` keywords only`,
    );
  }
  return { header: `Mcp-Param-${name}`, path, type: primitiveType(schema.type, where) };
}

/** Returns the primitive type of a property, which may be nullable. */
function primitiveType(type: unknown, where: string): HeaderParam["type"] {
  const types = (Array.isArray(type) ? type : [type]).filter((member) => member !== "null");
  if (types.length === 1 && primitives.includes(types[0])) return types[0];
  throw new TypeError(`${annotation} at ${where}: expected type string, integer or boolean`);
}

/** Returns true for the name of a header that mirrors a tool argument. */
export function isHeaderParamName(name: string): boolean {
  return name.toLowerCase().startsWith(headerNames.paramPrefix);
}
