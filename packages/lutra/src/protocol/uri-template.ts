/**
 * URI templates (RFC 6570): parsing a template, and matching URIs against it.
 *
 * @spec server/resources#resource-templates
 */
import { maxURILength, normalURI } from "./uri.ts";

type Operator = "+" | "#" | "." | "/" | ";" | "?" | "&";

type TrimOperator<Text extends string> = Text extends `${Operator}${infer Rest}` ? Rest : Text;
type TrimModifier<Text extends string> = Text extends `${infer Name}*`
  ? Name
  : Text extends `${infer Name}:${string}`
    ? Name
    : Text;
type Names<Text extends string> = Text extends `${infer First},${infer Rest}`
  ? TrimModifier<First> | Names<Rest>
  : TrimModifier<Text>;

/** The names of a template's variables, from its literal type. */
export type TemplateVariable<Template extends string> = string extends Template
  ? string
  : Template extends `${string}{${infer Expression}}${infer Rest}`
    ? Names<TrimOperator<Expression>> | TemplateVariable<Rest>
    : never;

/** The names of the variables in a query, `{?name}` or `{&name}`. */
type QueryVariable<Template extends string> =
  Template extends `${string}{${infer Expression}}${infer Rest}`
    ? (Expression extends `${"?" | "&"}${infer List}` ? Names<List> : never) | QueryVariable<Rest>
    : never;

type Shown<T> = { readonly [Name in keyof T]: T[Name] };

/** The values of a template's variables. Those of a query (`{?name}`) may be absent. */
export type TemplateVariables<Template extends string> = Shown<
  { readonly [Name in Exclude<TemplateVariable<Template>, QueryVariable<Template>>]: string } & {
    readonly [Name in QueryVariable<Template>]?: string;
  }
>;

export interface URITemplate {
  readonly variables: readonly string[];
  /**
   * Returns the decoded values of the variables, or undefined when the URI does not match. A value
   * may contain any character, including a `/` that was sent as `%2F`, so it is not a safe file
   * name.
   */
  readonly match: (uri: string) => { readonly [name: string]: string } | undefined;
}

/** Literal text of the URI, or a place that holds the values of `names`. */
type Part = string | Place;

interface Place {
  readonly names: readonly string[];
  /** Characters that end the value. */
  readonly stops: string;
  /** The first character of the value, unless the whole value is absent. */
  readonly mark: "" | "=" | "?" | "&";
  readonly mayBeEmpty: boolean;
  /** Maximum number of characters of the value. */
  readonly maxLength: number;
}

const expression = /\{([^{}]*)\}/g;
const variable = /^([A-Za-z0-9_%.]+)(?:\*|:([1-9]\d{0,3}))?$/;

/** The prefix, the separator and the allowed values of each operator. */
const operators: {
  readonly [Op in Operator | ""]: Omit<Place, "names" | "maxLength"> & {
    readonly first: string;
    readonly between: string;
  };
} = {
  "": { first: "", between: ",", stops: "/?#", mark: "", mayBeEmpty: false },
  "+": { first: "", between: ",", stops: "", mark: "", mayBeEmpty: false },
  "#": { first: "#", between: ",", stops: "", mark: "", mayBeEmpty: true },
  ".": { first: ".", between: ".", stops: "/?#.", mark: "", mayBeEmpty: false },
  "/": { first: "/", between: "/", stops: "/?#", mark: "", mayBeEmpty: false },
  ";": { first: ";", between: ";", stops: "/?#;", mark: "=", mayBeEmpty: true },
  "?": { first: "", between: "", stops: "#", mark: "?", mayBeEmpty: true },
  "&": { first: "", between: "", stops: "#", mark: "&", mayBeEmpty: true },
};

/**
 * Compiles a template. It matches every spelling of a URI, such as `é` and `%C3%A9`. URIs whose
 * normal form is longer than `maxLength` never match. The time to match a URI is at most
 * proportional to its length times the number of variables.
 *
 * @throws {TypeError} for an invalid template
 */
export function parseURITemplate(template: string, maxLength: number = maxURILength): URITemplate {
  if (/[{}]/.test(template.replace(expression, ""))) {
    throw new TypeError(`URI template ${template}: unbalanced braces`);
  }
  const parts: Part[] = [];
  let end = 0;
  for (const found of template.matchAll(expression)) {
    const literal = normalURI(template.slice(end, found.index));
    parts.push(literal, ...expressionParts(found[1] ?? "", template));
    end = found.index + found[0].length;
  }
  parts.push(normalURI(template.slice(end)));
  const variables = parts.flatMap((part) => (typeof part === "string" ? [] : part.names));
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`URI template ${template}: ${twice} is used twice`);
  return {
    variables,
    match: (uri) => {
      const normal = normalURI(uri);
      return normal.length > maxLength ? undefined : matchParts(parts, normal);
    },
  };
}

/** Returns the parts of one `{...}`. A query is one place for all its variables, in any order. */
function expressionParts(text: string, template: string): Part[] {
  const first = text[0] ?? "";
  const operator = first in operators ? (first as Operator) : "";
  const { first: before, between, ...place } = operators[operator];
  const list = text.slice(operator.length).split(",");
  const variables = list.map((part) => parseVariable(part, template));
  if (operator === "?" || operator === "&") {
    const names = variables.map(({ name }) => name);
    return [{ ...place, names, maxLength: Number.POSITIVE_INFINITY }];
  }
  return variables.flatMap(({ name, maxLength }, index) => [
    (index === 0 ? before : between) + (operator === ";" ? name : ""),
    { ...place, names: [name], maxLength },
  ]);
}

function parseVariable(part: string, template: string): { name: string; maxLength: number } {
  const [, name, maxLength = Number.POSITIVE_INFINITY] = variable.exec(part) ?? [];
  if (name === undefined)
    throw new TypeError(`URI template ${template}: invalid variable "${part}"`);
  return { name, maxLength: Number(maxLength) };
}

function matchParts(
  parts: readonly Part[],
  uri: string,
): { readonly [name: string]: string } | undefined {
  if (!uri.startsWith(parts[0] as string)) return undefined;
  const rests = matchingRests(parts, uri);
  if (rests[0]?.[0] !== 1) return undefined;
  const values: Record<string, string> = {};
  const queries: { names: readonly string[]; text: string }[] = [];
  let start = 0;
  for (const [index, part] of parts.entries()) {
    if (typeof part === "string") {
      start += part.length;
      continue;
    }
    const end = endOf(part, start, rests[index + 1] as Uint8Array);
    const text = uri.slice(start, end);
    start = end;
    if (part.stops === "#") queries.push({ names: part.names, text });
    else {
      const value = decode(part.mark === "" ? text : text.slice(1));
      if (value === undefined || [...value].length > part.maxLength) return undefined;
      values[part.names[0] as string] = value;
    }
  }
  return { ...values, ...queryValues(queries) };
}

/**
 * Returns for each part the positions at which it and all later parts match the rest of the URI.
 * Works from the last part to the first, which avoids backtracking and its exponential time.
 */
function matchingRests(parts: readonly Part[], uri: string): Uint8Array[] {
  const end = uri.length;
  let next = new Uint8Array(end + 1);
  next[end] = 1;
  const rests = [next];
  for (const part of parts.toReversed()) {
    const rest = new Uint8Array(end + 1);
    if (typeof part === "string") markLiteral(part, uri, next, rest);
    else markPlace(part, uri, next, rest);
    rests.unshift(rest);
    next = rest;
  }
  return rests;
}

function markLiteral(text: string, uri: string, next: Uint8Array, rest: Uint8Array): void {
  for (let at = 0; at + text.length <= uri.length; at += 1) {
    if (next[at + text.length] === 1 && uri.startsWith(text, at)) rest[at] = 1;
  }
}

function markPlace(place: Place, uri: string, next: Uint8Array, rest: Uint8Array): void {
  const { stops, mark, mayBeEmpty } = place;
  /** True when the value may end at the next position or later. */
  let mayGoOn = false;
  for (let at = uri.length; at >= 0; at -= 1) {
    const char = uri[at];
    const begins = mark === "" ? char !== undefined && !stops.includes(char) : char === mark;
    if ((mayBeEmpty && next[at] === 1) || (begins && mayGoOn)) rest[at] = 1;
    const isInside = char !== undefined && !stops.includes(char);
    mayGoOn = next[at] === 1 || (isInside && mayGoOn);
  }
}

/** Returns the first position at which a value can end so that the rest of the URI matches. */
function endOf({ mayBeEmpty }: Place, start: number, next: Uint8Array): number {
  let end = mayBeEmpty ? start : start + 1;
  while (next[end] !== 1) end += 1;
  return end;
}

/** Returns the values of the query variables that the URI has, in any order. */
function queryValues(
  queries: readonly { readonly names: readonly string[]; readonly text: string }[],
): Record<string, string> {
  const values: Record<string, string> = {};
  if (queries.length === 0) return values;
  const search = new URLSearchParams(queries.map(({ text }) => text.slice(1)).join("&"));
  for (const name of queries.flatMap(({ names }) => names)) {
    const value = search.get(name);
    if (value !== null) values[name] = value;
  }
  return values;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
