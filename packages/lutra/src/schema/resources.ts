/**
 * The schemas inside of a schema, and the targets of its references. Nothing is ever fetched: a
 * reference must lead to a place inside of the schema.
 *
 * @spec basic/index#ref-resolution
 */

import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { parseURL } from "../protocol/parse-url.ts";
import { type Dialect, dialectOf, effective, type Subschema } from "./keywords.ts";
import { type Check, quoted } from "./validation.ts";

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
  /** The compiled schema. */
  check: Check | undefined;
}

/** The keywords that contain references. */
export const referenceKeywords = ["$ref", "$dynamicRef", "$recursiveRef"] as const;

export type ReferenceKeyword = (typeof referenceKeywords)[number];

/** The keywords that give a schema a name. */
interface Anchors {
  readonly $id?: string;
  readonly $anchor?: string;
  readonly $dynamicAnchor?: string;
  readonly $recursiveAnchor?: boolean;
}

/** The base of relative identifiers. No schema can have this scheme by chance. */
const base = "lutra-schema:///";
/** Maximum length of all references and identifiers, with the bases of relative ones. */
const maxReferenceChars = 500_000;

export class Resources {
  /** All schemas that were found, with their places. */
  readonly places: Map<JSONObject, Place> = new Map();
  /** True when a reference depends on the schemas that are in application. */
  isDynamic: boolean = false;
  readonly #byURI = new Map<string, Resource>();
  readonly #dynamicAnchors = new Map<string, Map<unknown, JSONObject>>();
  #charsLeft = maxReferenceChars;

  /** @throws {TypeError} for a schema that is invalid, or of a dialect that is not supported */
  constructor(root: JSONObject) {
    this.#add(root, "#");
    // The targets of references can lie outside of the known keywords, and have references, too.
    for (const place of this.places.values()) {
      for (const name in place.keywords) {
        const keyword = name as ReferenceKeyword;
        if (referenceKeywords.includes(keyword)) this.#addTarget(place, keyword);
      }
    }
  }

  /** Returns the schemas with a dynamic anchor, by their resources; `""` is for recursive ones. */
  dynamicallyAnchored(name: string): ReadonlyMap<unknown, JSONObject> {
    return this.#dynamicAnchors.get(name) ?? new Map();
  }

  placeOf(schema: JSONObject): Place {
    return this.places.get(schema) as Place;
  }

  /**
   * Returns the target of a reference.
   *
   * @throws {TypeError} for a target outside of the schema
   */
  resolve({ resource, path, keywords }: Place, keyword: ReferenceKeyword): Subschema {
    const reference = keywords[keyword] as string;
    const target = this.#find(reference, resource);
    if (target !== undefined) return target;
    throw invalid(path, `${keyword} ${quoted(reference)} is not in this schema`);
  }

  #addTarget(place: Place, keyword: ReferenceKeyword): void {
    const { keywords, resource, path } = place;
    const reference = keywords[keyword] as string;
    const isLocal = reference.startsWith("#");
    this.#countChars(reference.length + (isLocal ? 0 : resource.uri.length), path);
    this.resolve(place, keyword);
    this.isDynamic ||= keyword !== "$ref";
  }

  #add(schema: JSONObject, path: string, parent?: Resource): void {
    if (this.places.has(schema)) return;
    const resource = this.#resourceOf(schema, path, parent);
    const { dialect } = resource;
    for (const name in schema) {
      const isWrong = dialect.keywords.get(name)?.isValid(schema[name]) === false;
      if (isWrong && schema[name] !== undefined) throw invalid(path, `${name} is not valid`);
    }
    const place = { resource, path, keywords: effective(schema, dialect), check: undefined };
    this.places.set(schema, place);
    this.#addAnchors(schema, place);
    for (const name in schema) {
      const below = schema[name];
      const { schemas } = dialect.keywords.get(name) ?? {};
      if (schemas === "direct" && isObject(below)) this.#add(below, `${path}/${name}`, resource);
      else if (schemas !== undefined)
        this.#addAll(below as JSONObject, `${path}/${name}`, resource);
    }
  }

  /** Adds the schemas in a list or an object. */
  #addAll(all: JSONObject, path: string, resource: Resource): void {
    for (const key in all) {
      const one = all[key];
      if (isObject(one)) this.#add(one, `${path}/${key}`, resource);
    }
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
    const id = typeof $id === "string" && !isIgnored ? withoutFragment($id) : "";
    if (id === "" && parent !== undefined) return parent;
    const from = parent?.uri ?? base;
    this.#countChars(id.length + from.length, path);
    const uri = resolveURI(id, from);
    if (uri === undefined) throw invalid(path, "$id is not valid");
    const resource = { uri, root: schema, dialect, anchors: new Map() };
    if (!this.#byURI.has(uri)) this.#byURI.set(uri, resource);
    return resource;
  }

  #addAnchors(schema: JSONObject, { resource, keywords }: Place): void {
    const { $id, $anchor, $dynamicAnchor, $recursiveAnchor } = keywords as Anchors;
    if ($anchor !== undefined) resource.anchors.set($anchor, schema);
    if ($dynamicAnchor !== undefined) {
      resource.anchors.set($dynamicAnchor, schema);
      this.#addDynamic($dynamicAnchor, schema, resource);
    }
    if ($recursiveAnchor && schema === resource.root) this.#addDynamic("", schema, resource);
    // In draft-07, the fragment of an identifier is an anchor. In later dialects, it has none.
    const name = $id?.split("#")[1];
    if (name) resource.anchors.set(name, schema);
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
      if (isObject(target)) resource = this.places.get(target)?.resource ?? resource;
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
  const url = parseURL(reference, from);
  return url && withoutFragment(url.href);
}

function withoutFragment(uri: string): string {
  return uri.split("#", 1)[0] as string;
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}
