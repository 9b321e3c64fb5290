/** Prompts of the official SDK: `registerPrompt`, whose arguments are a shape of zod. */
import { bare, isFunction, isNode, nameOf, type Syntax, textOf } from "../source/syntax.ts";
import { literalOf } from "./constants.ts";
import type { Draft } from "./draft.ts";
import { rewriteHandler } from "./handlers.ts";
import { inline, membersOf, separator } from "./members.ts";

const known: ReadonlySet<string> = new Set([
  "title",
  "description",
  "icons",
  "_meta",
  "argsSchema",
]);

/** Rewrites `server.registerPrompt(name, config, handler)`. Returns true if it was rewritten. */
export function rewriteRegisterPrompt(draft: Draft, call: Syntax): boolean {
  const [name, config, handler] = call.arguments as readonly Syntax[];
  const literal = literalOf(draft, config);
  if (name === undefined || config === undefined || !isFunction(handler)) return false;
  const members = literal && membersOf(literal);
  if (members === undefined || [...members.keys()].some((key) => !known.has(key))) return false;
  const schema = members.get("argsSchema");
  const args = schema && argumentsOf(draft, schema.value);
  if (schema !== undefined && args === undefined) return false;
  const { start, end } = (call.callee as Syntax).property as Syntax;
  draft.replace(start, end, "prompts.add");
  draft.insert(name.start, `${draft.need("definePrompt")}({ name: `);
  draft.replace(name.end, config.start, separator(draft, config));
  inline(draft, config);
  if (schema !== undefined) draft.replace(schema.start, schema.end, `arguments: { ${args} }`);
  draft.replace(config.end, handler.start, members.size === 0 ? "get: " : ", get: ");
  rewriteHandler(draft, handler, { hasArguments: schema !== undefined, result: () => {} });
  draft.replace(handler.end, call.end, " }))");
  draft.done("server-api", start);
  return true;
}

/** Returns the text of the arguments of a shape; `undefined` if one of them is not understood. */
function argumentsOf(draft: Draft, shape: unknown): string | undefined {
  const node = bare(shape);
  const members = isNode(node, "ObjectExpression") ? membersOf(node) : undefined;
  if (members === undefined) return undefined;
  const texts = [...members].map(([, property]) => {
    const found = argumentOf(property.value, draft);
    return found && `${draft.text(property.key as Syntax)}: ${optionsText(found)}`;
  });
  return texts.includes(undefined) ? undefined : texts.join(", ");
}

interface Argument {
  readonly isOptional: boolean;
  readonly description: string | undefined;
}

function optionsText({ isOptional, description }: Argument): string {
  const options = [
    ...(isOptional ? [] : ["required: true"]),
    ...(description === undefined ? [] : [`description: ${description}`]),
  ];
  return options.length === 0 ? "{}" : `{ ${options.join(", ")} }`;
}

/**
 * Reads `z.string().describe(text).optional()`. Others, such as `completable`, are not understood: a
 * server offers completion only if a definition has it when the server is created.
 */
function argumentOf(value: unknown, draft: Draft): Argument | undefined {
  const node = bare(value);
  if (!isNode(node, "CallExpression") || !isNode(node.callee, "MemberExpression")) return undefined;
  const { object, property } = node.callee;
  const [first] = node.arguments as readonly Syntax[];
  const method = nameOf(property);
  if (method === "string" && nameOf(object) === "z") {
    return { isOptional: false, description: undefined };
  }
  const schema = argumentOf(object, draft);
  if (method === "optional") return schema && { ...schema, isOptional: true };
  const isText = method === "describe" && first !== undefined && textOf(first) !== undefined;
  return isText ? schema && { ...schema, description: draft.text(first) } : undefined;
}
