/** Compiles a JSON Schema to functions, one for each schema inside of it. */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { arrays, contains, items, unevaluatedItems } from "./arrays.ts";
import { constants, numbers, strings, type } from "./assertions.ts";
import { allOf, anyOf, conditional, not, oneOf } from "./in-place.ts";
import type { Subschema } from "./keywords.ts";
import {
  dependents,
  properties,
  propertyNames,
  required,
  sizes,
  unevaluatedProperties,
} from "./objects.ts";
import type { CompilePart, Formats, PartContext } from "./part.ts";
import { type Match, PatternCompiler } from "./pattern.ts";
import {
  invalid,
  type Place,
  type ReferenceKeyword,
  type Resource,
  Resources,
  referenceKeywords,
} from "./resources.ts";
import { type Check, Evaluated } from "./validation.ts";

interface PartOfKeywords {
  readonly compile: CompilePart;
  readonly keywords: readonly string[];
}

const part = (compile: CompilePart, ...keywords: readonly string[]): PartOfKeywords => ({
  compile,
  keywords,
});

/** The parts with their keywords, in the order of their application: cheap ones first. */
const parts: readonly PartOfKeywords[] = [
  ...referenceKeywords.map((keyword) =>
    part((_keywords, { referenceOf }, place) => referenceOf(place, keyword), keyword),
  ),
  part(type, "type"),
  part(constants, "const", "enum"),
  part(numbers, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
  part(strings, "minLength", "maxLength", "pattern", "format"),
  part(arrays, "minItems", "maxItems", "uniqueItems"),
  part(sizes, "minProperties", "maxProperties"),
  part(required, "required"),
  part(allOf, "allOf"),
  part(anyOf, "anyOf"),
  part(oneOf, "oneOf"),
  part(not, "not"),
  part(conditional, "if"),
  part(dependents, "dependencies", "dependentRequired", "dependentSchemas"),
  part(properties, "properties", "patternProperties", "additionalProperties"),
  part(propertyNames, "propertyNames"),
  part(items, "prefixItems", "items", "additionalItems"),
  part(contains, "contains"),
];
/** These need the result of all others. */
const lateParts: readonly PartOfKeywords[] = [
  part(unevaluatedProperties, "unevaluatedProperties"),
  part(unevaluatedItems, "unevaluatedItems"),
];

const allParts = [...parts, ...lateParts];

/** Sets of parts as bits, by keyword. */
const partsOf = bitsOf(allParts);

function bitsOf(all: readonly PartOfKeywords[]): ReadonlyMap<string, number> {
  const bits = new Map<string, number>();
  for (const [index, { keywords }] of all.entries()) {
    for (const name of keywords) bits.set(name, (bits.get(name) ?? 0) | (1 << index));
  }
  return bits;
}

/**
 * Compiles a schema. The schemas inside of it are compiled when they are applied for the first time,
 * because a validation applies few of the schemas of a large one.
 *
 * @throws {TypeError} for a schema that is invalid or not supported
 */
export function compile(root: JSONObject, formats: Formats): Check {
  return new Compiler(new Resources(root), formats).checkOf(root);
}

class Compiler {
  readonly #resources: Resources;
  readonly #patterns = new PatternCompiler();
  readonly #matches = new Map<string, Match>();
  readonly #context: PartContext;

  constructor(resources: Resources, formats: Formats) {
    this.#resources = resources;
    this.#context = {
      checkOf: (one) => this.checkOf(one as Subschema),
      matchOf: (pattern) => this.#matches.get(pattern) as Match,
      formats,
      referenceOf: (place, keyword) => this.#reference(place, keyword),
    };
    for (const { keywords, path } of resources.places.values()) {
      this.#compilePatterns(keywords, path);
    }
  }

  checkOf(schema: Subschema): Check {
    if (typeof schema === "boolean") return schema ? accept : reject;
    const place = this.#resources.placeOf(schema);
    let compiled: Check | undefined;
    place.check ??= (value, run, evaluated) => {
      compiled ??= this.#compile(place);
      run.spend(1);
      return compiled(value, run, evaluated);
    };
    return place.check;
  }

  #compile(place: Place): Check {
    const { resource, keywords } = place;
    let bits = 0;
    for (const name in keywords) bits |= partsOf.get(name) ?? 0;
    const checks: Check[] = [];
    const late: Check[] = [];
    for (let index = 0; bits >> index !== 0; index += 1) {
      if (((bits >> index) & 1) === 0) continue;
      const check = allParts[index]?.compile(keywords, this.#context, place);
      if (check !== undefined) (index < parts.length ? checks : late).push(check);
    }
    const check = unevaluated(combined(checks), late);
    return this.#resources.isDynamic ? inResource(check, resource) : check;
  }

  #compilePatterns({ pattern, patternProperties }: JSONObject, path: string): void {
    if (pattern !== undefined) this.#compilePattern(pattern as string, path);
    for (const name in patternProperties as object) this.#compilePattern(name, path);
  }

  #compilePattern(pattern: string, path: string): void {
    if (this.#matches.has(pattern)) return;
    try {
      this.#matches.set(pattern, this.#patterns.compile(pattern));
    } catch (cause) {
      throw invalid(path, `pattern is not valid: ${(cause as Error).message}`, { cause });
    }
  }

  /**
   * Compiles a reference. The target of a dynamic one is the outermost of the schemas in application
   * with its anchor.
   */
  #reference(place: Place, keyword: ReferenceKeyword): Check {
    const target = this.#resources.resolve(place, keyword);
    const check = this.checkOf(target);
    if (keyword === "$ref") return check;
    const [, name = ""] = String(place.keywords[keyword]).split("#");
    const anchored = this.#resources.dynamicallyAnchored(name);
    if (!isObject(target) || anchored.get(this.#resources.placeOf(target).resource) !== target) {
      return check;
    }
    return (value, run, evaluated) => {
      run.spend(8 + 2 * run.scope.length);
      const outermost = run.scope.find((resource) => anchored.has(resource));
      return this.checkOf(anchored.get(outermost) ?? target)(value, run, evaluated);
    };
  }
}

const accept: Check = (_value, run) => {
  run.spend(1);
  return true;
};

const reject: Check = (_value, run) => {
  run.spend(1);
  return run.fail("not allowed");
};

function combined(checks: readonly Check[]): Check {
  if (checks.length < 2) return checks[0] ?? accept;
  return (value, run, evaluated) => {
    run.spend(checks.length - 1);
    return run.all(checks, value, evaluated);
  };
}

/** Adds the checks of the members that no other keyword has evaluated. */
function unevaluated(check: Check, late: readonly Check[]): Check {
  if (late.length === 0) return check;
  return (value, run, evaluated) => {
    const own = new Evaluated();
    if (!check(value, run, own)) return false;
    if (!late.every((one) => one(value, run, own))) return false;
    if (evaluated) run.merge(evaluated, own);
    return true;
  };
}

/** Records the resource of a schema while it is applied, for dynamic references. */
function inResource(check: Check, resource: Resource): Check {
  return (value, run, evaluated) => {
    run.spend(1);
    if (run.scope.at(-1) === resource) return check(value, run, evaluated);
    run.scope.push(resource);
    const isValid = check(value, run, evaluated);
    run.scope.pop();
    return isValid;
  };
}
