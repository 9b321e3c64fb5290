/** Compiles a JSON Schema to functions, one for each schema inside of it. */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import { arrays, contains, firstItems, otherItems, unevaluatedItems } from "./arrays.ts";
import { constants, numbers, strings, type } from "./assertions.ts";
import { allOf, anyOf, conditional, not, oneOf } from "./in-place.ts";
import type { Dialect, Subschema } from "./keywords.ts";
import {
  dependentSchemas,
  objects,
  properties,
  propertyNames,
  unevaluatedProperties,
} from "./objects.ts";
import type { CompilePart, Formats, PartContext } from "./part.ts";
import { type Match, PatternCompiler } from "./pattern.ts";
import { type Resource, Resources } from "./resources.ts";
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
  part(type, "type"),
  part(constants, "const", "enum"),
  part(numbers, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
  part(strings, "minLength", "maxLength", "pattern", "format"),
  part(arrays, "minItems", "maxItems", "uniqueItems"),
  part(objects, "required", "dependentRequired", "dependencies", "minProperties", "maxProperties"),
  part(allOf, "allOf"),
  part(anyOf, "anyOf"),
  part(oneOf, "oneOf"),
  part(not, "not"),
  part(conditional, "if"),
  part(dependentSchemas, "dependencies", "dependentSchemas"),
  part(properties, "properties", "patternProperties", "additionalProperties"),
  part(propertyNames, "propertyNames"),
  part(firstItems, "prefixItems", "items"),
  part(otherItems, "items", "additionalItems"),
  part(contains, "contains"),
];
/** These need the result of all others. */
const lateParts: readonly PartOfKeywords[] = [
  part(unevaluatedProperties, "unevaluatedProperties"),
  part(unevaluatedItems, "unevaluatedItems"),
];

/**
 * Compiles a schema.
 *
 * @throws {TypeError} for a schema that is invalid or not supported
 */
export function compile(root: JSONObject, formats: Formats): Check {
  const compiler = new Compiler(new Resources(root), formats);
  return compiler.compileAll(root);
}

class Compiler {
  readonly #resources: Resources;
  readonly #formats: Formats;
  readonly #patterns = new PatternCompiler();
  readonly #matches = new Map<string, Match>();
  readonly #checks = new Map<JSONObject, { check?: Check }>();

  constructor(resources: Resources, formats: Formats) {
    this.#resources = resources;
    this.#formats = formats;
  }

  /** Compiles all schemas, those that are never applied, too. */
  compileAll(root: JSONObject): Check {
    for (const schema of this.#resources.schemas) this.#checkOf(schema);
    return this.#checkOf(root);
  }

  #checkOf(schema: Subschema): Check {
    if (typeof schema === "boolean") return schema ? accept : reject;
    const compiled = this.#checks.get(schema);
    if (compiled?.check) return compiled.check;
    // The schema refers to itself, and its check does not exist yet.
    if (compiled)
      return (value, run, evaluated) => (compiled.check as Check)(value, run, evaluated);
    const entry: { check?: Check } = {};
    this.#checks.set(schema, entry);
    entry.check = this.#compile(schema);
    return entry.check;
  }

  #compile(schema: JSONObject): Check {
    const { resource, path } = this.#resources.placeOf(schema);
    const { dialect } = resource;
    const known = knownKeywords(schema, dialect);
    const context: PartContext = {
      checkOf: (one) => this.#checkOf(one as Subschema),
      matchOf: (pattern) => this.#matchOf(pattern, path),
      formats: this.#formats,
      isContainsEvaluating: dialect.isContainsEvaluating,
    };
    const checksOf = (some: readonly PartOfKeywords[]) =>
      some
        .filter(({ keywords }) => keywords.some((keyword) => known[keyword] !== undefined))
        .map(({ compile }) => compile(known, context))
        .filter((check) => check !== undefined);
    const references = this.#references(schema, known);
    const check = unevaluated(combined([...references, ...checksOf(parts)]), checksOf(lateParts));
    return this.#resources.isDynamic ? inResource(check, resource) : check;
  }

  #matchOf(pattern: string, path: string): Match {
    try {
      const match = this.#matches.get(pattern) ?? this.#patterns.compile(pattern);
      this.#matches.set(pattern, match);
      return match;
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new TypeError(`JSON Schema: ${path}: pattern is not valid: ${reason}`, { cause });
    }
  }

  #references(schema: JSONObject, known: JSONObject): readonly Check[] {
    const checks: Check[] = [];
    if (known.$ref !== undefined) {
      checks.push(this.#checkOf(this.#resources.resolve(schema, "$ref")));
    }
    for (const keyword of ["$dynamicRef", "$recursiveRef"] as const) {
      if (known[keyword] !== undefined) checks.push(this.#dynamicReference(schema, keyword));
    }
    return checks;
  }

  /** A reference whose target is the outermost of the schemas in application with its anchor. */
  #dynamicReference(schema: JSONObject, keyword: "$dynamicRef" | "$recursiveRef"): Check {
    const target = this.#resources.resolve(schema, keyword);
    const check = this.#checkOf(target);
    const [, name = ""] = String(schema[keyword]).split("#");
    const anchored = this.#resources.dynamicallyAnchored(name);
    if (!isObject(target) || anchored.get(this.#resources.placeOf(target).resource) !== target) {
      return check;
    }
    return (value, run, evaluated) => {
      run.spend(4 + run.scope.length);
      const outermost = run.scope.find((resource) => anchored.has(resource));
      return this.#checkOf(anchored.get(outermost) ?? target)(value, run, evaluated);
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

/** Unknown keywords, and in some dialects those beside `$ref`, have no effect. */
function knownKeywords(schema: JSONObject, { keywords, isRefAlone }: Dialect): JSONObject {
  const isAlone = isRefAlone && schema.$ref !== undefined;
  const isKnown = (name: string) =>
    schema[name] !== undefined && (isAlone ? name === "$ref" : keywords.has(name));
  const names = Object.keys(schema);
  if (names.every(isKnown)) return schema;
  return Object.fromEntries(names.filter(isKnown).map((name) => [name, schema[name]]));
}

function combined(checks: readonly Check[]): Check {
  const [only] = checks;
  if (only === undefined) return accept;
  if (checks.length === 1) {
    return (value, run, evaluated) => {
      run.spend(1);
      return only(value, run, evaluated);
    };
  }
  return (value, run, evaluated) => {
    run.spend(checks.length);
    return run.every(checks, (check) => check(value, run, evaluated));
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
