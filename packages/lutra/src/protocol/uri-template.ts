/**
 * URI templates (RFC 6570): the variables of a template, and which URI matches it.
 *
 * @spec server/resources#resource-templates
 */

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

/** The values of a template's variables. Those of a query (`{?name}`) may be absent. */
export type TemplateVariables<Template extends string> = {
  readonly [Name in TemplateVariable<Template>]: string;
};

export interface URITemplate {
  readonly variables: readonly string[];
  /** The decoded values of the variables, or `undefined` when the URI does not match. */
  readonly match: (uri: string) => { readonly [name: string]: string } | undefined;
}

const expression = /\{([^{}]*)\}/g;
const variable = /^([A-Za-z0-9_%.]+)(\*|:\d+)?$/;
const operators: { readonly [Op in Operator]: { prefix: string; value: string } } = {
  "+": { prefix: "", value: "(.+?)" },
  "#": { prefix: "#", value: "(.*?)" },
  ".": { prefix: "\\.", value: "([^/?#.]+)" },
  "/": { prefix: "/", value: "([^/?#]+)" },
  ";": { prefix: ";", value: "([^/?#;]*)" },
  "?": { prefix: "", value: "" },
  "&": { prefix: "", value: "" },
};

/**
 * Compiles a template. Longer URIs than `maxLength` match nothing, which bounds the work of the
 * pattern.
 *
 * @throws {TypeError} for a template that is not well-formed
 */
export function parseURITemplate(template: string, maxLength = 8192): URITemplate {
  const names: string[] = [];
  const queryNames: string[] = [];
  let pattern = "^";
  let end = 0;
  for (const found of template.matchAll(expression)) {
    pattern += escapeLiteral(template.slice(end, found.index));
    end = found.index + found[0].length;
    pattern += expressionPattern(found[1] ?? "", template, names, queryNames);
  }
  pattern += `${escapeLiteral(template.slice(end))}$`;
  if (/[{}]/.test(template.replace(expression, ""))) {
    throw new TypeError(`URI template ${template}: unbalanced braces`);
  }
  const regex = new RegExp(pattern, "s");
  const match = (uri: string) => matchTemplate(uri, regex, names, queryNames);
  return {
    variables: [...names, ...queryNames],
    match: (uri) => (uri.length > maxLength ? undefined : match(uri)),
  };
}

/** The pattern of one `{...}`; its variables go to `names`, or to `queryNames` for a query. */
function expressionPattern(
  text: string,
  template: string,
  names: string[],
  queryNames: string[],
): string {
  const first = text[0] ?? "";
  const operator = first in operators ? (first as Operator) : undefined;
  const isQuery = operator === "?" || operator === "&";
  const { prefix, value } = operator ? operators[operator] : { prefix: "", value: "([^/?#]+?)" };
  const separator = prefix === "" ? "," : prefix;
  const parts = (operator ? text.slice(1) : text).split(",").map((part) => {
    const name = variableName(part, template, [...names, ...queryNames]);
    (isQuery ? queryNames : names).push(name);
    return operator === ";" ? `${escapeLiteral(name)}=?${value}` : value;
  });
  return isQuery ? "" : prefix + parts.join(separator);
}

function variableName(part: string, template: string, taken: readonly string[]): string {
  const name = variable.exec(part)?.[1];
  if (name === undefined) throw new TypeError(`URI template ${template}: bad variable "${part}"`);
  if (taken.includes(name)) throw new TypeError(`URI template ${template}: ${name} is used twice`);
  return name;
}

function matchTemplate(
  uri: string,
  regex: RegExp,
  names: readonly string[],
  queryNames: readonly string[],
): { readonly [name: string]: string } | undefined {
  const mark = queryNames.length > 0 ? uri.indexOf("?") : -1;
  const groups = regex.exec(mark < 0 ? uri : uri.slice(0, mark));
  if (groups === null) return undefined;
  const values: Record<string, string> = {};
  try {
    names.forEach((name, index) => {
      values[name] = decodeURIComponent(groups[index + 1] ?? "");
    });
  } catch {
    return undefined;
  }
  const query = mark < 0 ? undefined : new URLSearchParams(uri.slice(mark + 1));
  for (const name of queryNames) {
    const value = query?.get(name);
    if (value !== null && value !== undefined) values[name] = value;
  }
  return values;
}

function escapeLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
