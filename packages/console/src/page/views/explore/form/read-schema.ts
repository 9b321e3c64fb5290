/** Reduces JSON Schema to the fields of a form. Schemas that a form can't express are edited as JSON. */
import type { JSONObject } from "lutra/protocol";

/** One choice of a field. */
export interface Choice {
  readonly value: unknown;
  readonly label: string;
}

interface Described {
  readonly title?: string;
  readonly description?: string;
  readonly initial?: unknown;
  /** Restrictions in words, such as "at least 1". */
  readonly hints: readonly string[];
  /** True if `null` is a value beside those that the control offers. */
  readonly isNullable?: boolean;
}

export type Field = Described &
  (
    | { readonly kind: "string"; readonly format?: string; readonly isLong: boolean }
    | { readonly kind: "number"; readonly isInteger: boolean }
    | { readonly kind: "boolean" }
    | { readonly kind: "choice"; readonly choices: readonly Choice[] }
    | { readonly kind: "choices"; readonly choices: readonly Choice[] }
    | { readonly kind: "list"; readonly item: JSONObject }
    | { readonly kind: "object"; readonly members: readonly Member[] }
    | { readonly kind: "variants"; readonly variants: readonly Variant[] }
    | { readonly kind: "json" }
  );

/** One of several schemas that a value may have. */
export interface Variant {
  readonly label: string;
  readonly schema: JSONObject;
}

export interface Member {
  readonly name: string;
  readonly schema: JSONObject;
  readonly isRequired: boolean;
}

/** Maximum number of references that are followed to one schema. */
const maxReferences = 16;
/** Maximum number of choices that are shown as such. */
const maxChoices = 1000;
/** Maximum number of schemas of a union that a form offers. */
const maxVariants = 50;
/** Texts that may be longer are edited in several lines. */
const longText = 200;

/** Returns the field for a schema. `root` contains the definitions that it may refer to. */
export function fieldOf(given: unknown, root: JSONObject): Field {
  const schema = resolved(given, root);
  if (schema === undefined) return { kind: "json", hints: [] };
  const isNullable = allowsNull(given, root);
  const described = { ...descriptionOf(schema), ...(isNullable && { isNullable }) };
  const choices = choicesOf(schema, root);
  if (choices !== undefined) return { ...described, kind: "choice", choices };
  const variants = variantsOf(schema, root);
  if (variants !== undefined) return { ...described, kind: "variants", variants };
  return { ...described, ...typedField(schema, root) };
}

/** A field without its description. */
type Bare = Field extends infer One
  ? One extends Field
    ? Omit<One, keyof Described>
    : never
  : never;

function typedField(schema: JSONObject, root: JSONObject): Bare {
  const type = typeOf(schema);
  if (type === "string") {
    const { format, maxLength } = schema;
    const isLong = format === undefined && !(Number(maxLength) <= longText);
    return { kind: "string", isLong, ...(typeof format === "string" && { format }) };
  }
  if (type === "number" || type === "integer") {
    return { kind: "number", isInteger: type === "integer" };
  }
  if (type === "boolean") return { kind: "boolean" };
  if (type === "array" && isObject(schema.items)) {
    const item = resolved(schema.items, root) ?? schema.items;
    const several = choicesOf(item, root);
    if (several !== undefined) return { kind: "choices", choices: several };
    return { kind: "list", item: schema.items };
  }
  if (type === "object" && hasPlainMembers(schema)) {
    return { kind: "object", members: membersOf(schema) };
  }
  return { kind: "json" };
}

/** Returns the members of the schema of an object. */
export function membersOf({ properties, required }: JSONObject): readonly Member[] {
  const names = new Set(Array.isArray(required) ? required : []);
  return Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) => ({
    name,
    schema: isObject(schema) ? schema : {},
    isRequired: names.has(name),
  }));
}

function hasPlainMembers({ properties, anyOf, oneOf }: JSONObject): boolean {
  return isObject(properties) && anyOf === undefined && oneOf === undefined;
}

/** Returns the schemas of a union that has no members of its own, and more than one variant. */
function variantsOf(schema: JSONObject, root: JSONObject): readonly Variant[] | undefined {
  const { properties, oneOf, anyOf } = schema;
  const union = [oneOf, anyOf].find(Array.isArray) as unknown[] | undefined;
  if (union === undefined || isObject(properties) || union.length > maxVariants) return undefined;
  const members = union.map((member) => resolved(member, root));
  const known = members.filter((member) => member !== undefined && member.type !== "null");
  if (known.length < 2 || members.includes(undefined)) return undefined;
  return (known as JSONObject[]).map((member, index) => ({
    label: variantLabel(member, index),
    schema: member,
  }));
}

/** Returns the title of a variant, the constants that distinguish it, or its type. */
function variantLabel(schema: JSONObject, index: number): string {
  if (typeof schema.title === "string") return schema.title;
  const constants = membersOf(schema).flatMap(({ schema: member }) =>
    Object.hasOwn(member, "const") ? [labelOf(member.const)] : [],
  );
  if (constants.length > 0) return constants.join(" ");
  const type = typeOf(schema);
  return typeof type === "string" && type !== "object" ? type : `variant ${index + 1}`;
}

function allowsNull(given: unknown, root: JSONObject): boolean {
  const isReference = isObject(given) && typeof given.$ref === "string";
  const schema = isReference ? targetOf(String(given.$ref), root) : given;
  if (!isObject(schema)) return false;
  const { type, anyOf, oneOf } = schema;
  if (Array.isArray(type)) return type.includes("null") && type.length > 1;
  return [anyOf, oneOf].some(
    (union) => Array.isArray(union) && union.some((one) => isObject(one) && one.type === "null"),
  );
}

/** Follows local references, and replaces unions with `null` with their other schema. */
function resolved(given: unknown, root: JSONObject): JSONObject | undefined {
  let schema = given;
  for (let count = 0; isObject(schema); count += 1) {
    if (count > maxReferences) return undefined;
    const { $ref: reference, ...others } = schema;
    const union = [schema.anyOf, schema.oneOf].find(Array.isArray) as unknown[] | undefined;
    const members = union?.filter((member) => !isObject(member) || member.type !== "null");
    if (typeof reference === "string") schema = merged(targetOf(reference, root), others);
    else if (union !== undefined && members?.length === 1 && isObject(members[0])) {
      const { anyOf: _any, oneOf: _one, ...rest } = others;
      schema = merged(members[0], rest);
    } else return schema;
  }
  return undefined;
}

function merged(target: unknown, others: JSONObject): unknown {
  return isObject(target) ? { ...target, ...others } : target;
}

function targetOf(reference: string, root: JSONObject): unknown {
  if (!reference.startsWith("#")) return undefined;
  const path = reference.slice(1).split("/").slice(1);
  return path.reduce<unknown>((value, segment) => {
    const name = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }, root);
}

function choicesOf(schema: JSONObject, root: JSONObject): readonly Choice[] | undefined {
  const { enumNames } = schema;
  const names: readonly unknown[] = Array.isArray(enumNames) ? enumNames : [];
  if (Array.isArray(schema.enum) && schema.enum.length <= maxChoices) {
    return schema.enum.map((value, index) => ({
      value,
      label: typeof names[index] === "string" ? names[index] : labelOf(value),
    }));
  }
  if (Object.hasOwn(schema, "const")) {
    return [{ value: schema.const, label: labelOf(schema.const) }];
  }
  const union = [schema.oneOf, schema.anyOf].find(Array.isArray) as unknown[] | undefined;
  if (union === undefined || union.length === 0) return undefined;
  const choices = union.flatMap((member) => {
    const option = resolved(member, root);
    if (option === undefined || !Object.hasOwn(option, "const")) return [];
    const { const: value, title } = option;
    return [{ value, label: typeof title === "string" ? title : labelOf(value) }];
  });
  return choices.length === union.length ? choices : undefined;
}

function labelOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function typeOf({ type, properties }: JSONObject): unknown {
  if (type === undefined) return isObject(properties) ? "object" : undefined;
  const types = (Array.isArray(type) ? type : [type]).filter((each) => each !== "null");
  return types.length === 1 ? types[0] : undefined;
}

function descriptionOf(schema: JSONObject): Described {
  const { title, description } = schema;
  return {
    ...(typeof title === "string" && { title }),
    ...(typeof description === "string" && { description }),
    ...(Object.hasOwn(schema, "default") && { initial: schema.default }),
    hints: hintsOf(schema),
  };
}

const hintWords: { readonly [keyword: string]: (value: unknown) => string } = {
  minimum: (value) => `at least ${value}`,
  exclusiveMinimum: (value) => `above ${value}`,
  maximum: (value) => `at most ${value}`,
  exclusiveMaximum: (value) => `below ${value}`,
  multipleOf: (value) => `a multiple of ${value}`,
  minLength: (value) => `at least ${counted(value, "character")}`,
  maxLength: (value) => `at most ${counted(value, "character")}`,
  pattern: (value) => `matches ${value}`,
  minItems: (value) => `at least ${counted(value, "item")}`,
  maxItems: (value) => `at most ${counted(value, "item")}`,
  format: (value) => `format ${value}`,
  "x-mcp-header": (value) => `also sent as the header Mcp-Param-${value}`,
};

function counted(count: unknown, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function hintsOf(schema: JSONObject): readonly string[] {
  const { minLength, maxLength, ...others } = schema;
  const isExact = minLength !== undefined && minLength === maxLength;
  const shown = isExact ? others : schema;
  return [
    ...(isExact ? [`exactly ${counted(minLength, "character")}`] : []),
    ...Object.entries(hintWords).flatMap(([keyword, word]) =>
      shown[keyword] === undefined ? [] : [word(shown[keyword])],
    ),
  ];
}

function isObject(value: unknown): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
