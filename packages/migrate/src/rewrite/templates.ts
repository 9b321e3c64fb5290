/** Resource templates of the official SDK: `registerResource` with a `ResourceTemplate`. */
import { isFunction, isNode, nameOf, type Syntax, textOf, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";
import { rewriteHandler } from "./handlers.ts";
import { inline, membersOf, separator } from "./members.ts";
import { contentsOnly, knownToResources, returnsContents } from "./resources.ts";

/**
 * Rewrites `server.registerResource(name, new ResourceTemplate(uri, options), config, handler)` if the
 * template has no options. Returns true if it was rewritten.
 */
export function rewriteRegisterTemplate(draft: Draft, call: Syntax): boolean {
  const [name, template, config, handler] = call.arguments as readonly Syntax[];
  if (name === undefined || !isFunction(handler) || !returnsContents(handler)) return false;
  if (!isNode(config, "ObjectExpression") || !isNode(template, "NewExpression")) return false;
  const [uri, options] = template.arguments as readonly Syntax[];
  const members = membersOf(config);
  const isKnown =
    members !== undefined && [...members.keys()].every((key) => knownToResources.has(key));
  if (uri === undefined || textOf(uri) === undefined || !isKnown || hasOptions(options))
    return false;
  const names = paramsOf(draft, handler);
  if (names === undefined) return false;
  const { start, end } = (call.callee as Syntax).property as Syntax;
  draft.replace(start, end, "resourceTemplates.add");
  draft.insert(name.start, `${draft.need("defineResourceTemplate")}({ name: `);
  draft.replace(name.end, uri.start, ", uriTemplate: ");
  draft.replace(uri.end, config.start, separator(draft, config));
  inline(draft, config);
  draft.replace(config.end, handler.start, members.size === 0 ? "read: " : ", read: ");
  rewriteParams(draft, handler, names);
  rewriteHandler(draft, { ...handler, params: [] }, { hasArguments: true, result: contentsOnly });
  draft.replace(handler.end, call.end, " }))");
  const { start: created } = template.callee as Syntax;
  draft.dropped.add(created);
  draft.done("server-api", start);
  draft.done("server-api", created);
  return true;
}

/**
 * True for a template with a list, which has no counterpart, or with completion, which a server offers
 * only if a definition has it when the server is created.
 */
function hasOptions(options: Syntax | undefined): boolean {
  if (options === undefined) return false;
  const members = isNode(options, "ObjectExpression") ? membersOf(options) : undefined;
  if (members === undefined) return true;
  return [...members.values()].some(({ value }) => nameOf(value) !== "undefined");
}

interface Params {
  readonly uri: string;
  readonly variables: string;
  readonly context: string;
}

/** Returns the texts of the parameters `(uri, variables, extra)`. */
function paramsOf(draft: Draft, handler: Syntax): Params | undefined {
  const [uri, variables, extra] = handler.params as readonly Syntax[];
  const uriName = nameOf(uri);
  if (uriName === undefined || variables === undefined) return undefined;
  const context = extra === undefined ? "context" : nameOf(extra);
  return context === undefined
    ? undefined
    : { uri: uriName, variables: draft.text(variables), context };
}

/** The URI is a member of the context, and the variables are the first parameter. */
function rewriteParams(draft: Draft, handler: Syntax, names: Params): void {
  const params = handler.params as readonly Syntax[];
  const [first, last] = [params[0], params.at(-1)];
  if (first === undefined || last === undefined) return;
  draft.replace(first.start, last.end, `${names.variables}, ${names.context}`);
  walk(handler, (node) => {
    if (node.type !== "MemberExpression" || nameOf(node.object) !== names.uri) return;
    if (nameOf(node.property) !== "href") return;
    draft.replace(node.start, node.end, `${names.context}.uri`);
  });
}
