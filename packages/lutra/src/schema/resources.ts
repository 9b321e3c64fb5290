/**
 * The schemas inside of a schema, and the targets of its references. Nothing is ever fetched: a
 * reference must lead to a place inside of the schema.
 *
 * @spec basic/index#ref-resolution
 */

import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { parseURL } from "../protocol/parse-url.ts";
import { type Dialect, dialectOf, readKeywords, type Subschema } from "./keywords.ts";
import { quoted } from "./validation.ts";

/** A schema with an identifier of its own, and the schemas below it without one. */
export interface Resource {
  readonly uri: string;
  readonly root: JSONObject;
  readonly dialect: Dialect;
  readonly anchors: Map<string, JSONObject>;
}

/** The place of a schema. */
export interface Place {
  readonly resource: Resource;
  /** The path in messages. */
  readonly path: string;
  /** The members of the schema that are keywords of its dialect. */
  readonly keywords: JSONObject;
}

/** The keywords that contain references. */
const referenceKeywords = ["$ref", "$dynamicRef", "$recursiveRef"] as const;

/** The base of relative identifiers. No schema can have this scheme by chance. */
const base = "lutra-schema:///";
/** Maximum length of all references and identifiers, with the bases of relative ones. */
const maxReferenceChars = 500_000;

export class Resources {
  readonly #places = new Map<JSONObject, Place>();
  readonly #byURI = new Map<string, Resource>();
  readonly #dynamicAnchors = new Map<string, Map<unknown, JSONObject>>();
  #isDynamic = false;
  #charsLeft = maxReferenceChars;

  /** @throws {TypeError} for a schema that is invalid, or of a dialect that is not supported */
  constructor(root: JSONObject) {
    this.#add(root, "#");
    // The targets of references can lie outside of the known keywords, and have references, too.
    for (const [schema, { keywords, resource, path }] of this.#places) {
      for (const keyword of referenceKeywords) {
        if (keywords[keyword] === undefined) continue;
        const reference = keywords[keyword] as string;
        const isLocal = reference.startsWith("#");
        this.#countChars(reference.length + (isLocal ? 0 : resource.uri.length), path);
        this.resolve(schema, keyword);
        this.#isDynamic ||= keyword !== "$ref";
      }
    }
  }

  /** The places of all schemas that were found. */
  get places(): Iterable<Place> {
    return this.#places.values();
  }

  /** True when a reference depends on the schemas that are in application. */
  get isDynamic(): boolean {
    return this.#isDynamic;
  }

  /** Returns the schemas with a dynamic anchor, by their resources; `""` is for recursive ones. */
  dynamicallyAnchored(name: string): ReadonlyMap<unknown, JSONObject> {
    return this.#dynamicAnchors.get(name) ?? new Map();
  }

  placeOf(schema: JSONObject): Place {
    return this.#places.get(schema) as Place;
  }

  /**
   * Returns the target of a reference.
   *
   * @throws {TypeError} for a target outside of the schema
   */
  resolve(schema: JSONObject, keyword: string): Subschema {
    const { resource, path } = this.placeOf(schema);
    const reference = schema[keyword] as string;
    const target = this.#find(reference, resource);
    if (target !== undefined) return target;
    throw invalid(path, `${keyword} ${quoted(reference)} is not in this schema`);
  }

  #add(schema: JSONObject, path: string, parent?: Resource): void {
    if (this.#places.has(schema)) return;
    const resource = this.#resourceOf(schema, path, parent);
    const { keywords, subschemas, wrong } = readKeywords(schema, resource.dialect);
    this.#places.set(schema, { resource, path, keywords });
    if (wrong !== undefined) throw invalid(path, `${wrong} is not valid`);
    this.#addAnchors(schema, resource);
    for (const [name, below] of subschemas) this.#add(below, `${path}/${name}`, resource);
  }

  /** Limits the work of resolving references, which grows with their length. */
  #countChars(count: number, path: string): void {
    this.#charsLeft -= count;
    if (this.#charsLeft < 0) throw invalid(path, "too many or too long references and identifiers");
  }

  /** Returns the resource to which a schema belongs. */
  #resourceOf(schema: JSONObject, path: string, parent?: Resource): Resource {
    const { $id, $schema, $ref } = schema;
    const dialect =
      parent === undefined || $schema !== undefined ? dialectOf($schema) : parent.dialect;
    const isIgnored = dialect.isRefAlone && $ref !== undefined;
    const [id = ""] = typeof $id === "string" && !isIgnored ? $id.split("#") : [];
    if (id === "" && parent !== undefined) return parent;
    const from = parent?.uri ?? base;
    this.#countChars(id.length + from.length, path);
    const uri = resolveURI(id, from);
    if (uri === undefined) throw invalid(path, "$id is not valid");
    const resource = { uri, root: schema, dialect, anchors: new Map() };
    if (!this.#byURI.has(uri)) this.#byURI.set(uri, resource);
    return resource;
  }

  #addAnchors(schema: JSONObject, resource: Resource): void {
    const { dialect, anchors, root } = resource;
    const { $id, $ref, $anchor, $dynamicAnchor, $recursiveAnchor } = schema;
    const own = (keyword: string, value: unknown): value is string =>
      typeof value === "string" && dialect.keywords.has(keyword);
    if (own("$anchor", $anchor)) anchors.set($anchor, schema);
    if (own("$dynamicAnchor", $dynamicAnchor)) {
      anchors.set($dynamicAnchor, schema);
      this.#addDynamic($dynamicAnchor, schema, resource);
    }
    const isRecursive = dialect.keywords.has("$recursiveAnchor") && $recursiveAnchor === true;
    if (isRecursive && schema === root) this.#addDynamic("", schema, resource);
    // In draft-07, the fragment of an identifier is an anchor.
    if (!dialect.isRefAlone || typeof $id !== "string" || $ref !== undefined) return;
    const [, name = ""] = $id.split("#");
    if (name !== "") anchors.set(name, schema);
  }

  #addDynamic(name: string, schema: JSONObject, resource: Resource): void {
    const anchored = this.#dynamicAnchors.get(name) ?? new Map<unknown, JSONObject>();
    this.#dynamicAnchors.set(name, anchored.set(resource, schema));
  }

  #find(reference: string, from: Resource): Subschema | undefined {
    const [uri = "", fragment = ""] = reference.split("#");
    const resource = uri === "" ? from : this.#byURI.get(resolveURI(uri, from.uri) ?? "");
    const name = decode(fragment);
    if (resource === undefined || name === undefined) return undefined;
    if (name !== "" && !name.startsWith("/")) return resource.anchors.get(name);
    return this.#at(name, reference, resource);
  }

  /** Returns the schema at a JSON pointer. */
  #at(pointer: string, reference: string, { root }: Resource): Subschema | undefined {
    let target: unknown = root;
    let { resource } = this.placeOf(root);
    for (const token of pointer.split("/").slice(1)) {
      const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
      if (typeof target !== "object" || target === null || !Object.hasOwn(target, key)) return;
      target = (target as JSONObject)[key];
      if (isObject(target)) resource = this.#places.get(target)?.resource ?? resource;
    }
    if (typeof target === "boolean") return target;
    if (!isObject(target)) return undefined;
    this.#add(target, reference, resource);
    return target;
  }
}

/** Maximum length of a path in a message, in characters. */
const maxPath = 1000;

/** Creates the error for a schema that is invalid or not supported. */
export function invalid(path: string, problem: string, options?: ErrorOptions): TypeError {
  return new TypeError(`JSON Schema: ${path.slice(0, maxPath)}: ${problem}`, options);
}

/** Returns the absolute URI without its fragment, or undefined. */
function resolveURI(reference: string, from: string): string | undefined {
  return parseURL(reference, from)?.href.split("#")[0];
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
