/** Resources of the official SDK: `registerResource` with a URI. */
import { bare, isFunction, isNode, nameOf, type Syntax, textOf, walk } from "../source/syntax.ts";
import { constantIn } from "./constants.ts";
import type { Draft } from "./draft.ts";
import { rewriteHandler } from "./handlers.ts";
import { inline, membersOf, separator } from "./members.ts";

/** The members of a configuration that Lutra has under the same name. */
export const knownToResources: ReadonlySet<string> = new Set([
  "title",
  "description",
  "mimeType",
  "icons",
  "_meta",
]);

/** Rewrites `server.registerResource(name, uri, config, handler)`. Returns true if it was rewritten. */
export function rewriteRegisterResource(draft: Draft, call: Syntax): boolean {
  const [name, uri, config, handler] = call.arguments as readonly Syntax[];
  if (name === undefined || uri === undefined || !isFunction(handler)) return false;
  if (!isNode(config, "ObjectExpression") || !isURI(draft, uri) || !returnsContents(handler))
    return false;
  const members = membersOf(config);
  if (members === undefined || [...members.keys()].some((key) => !knownToResources.has(key)))
    return false;
  const { start, end } = (call.callee as Syntax).property as Syntax;
  draft.replace(start, end, "resources.add");
  draft.insert(name.start, `${draft.need("defineResource")}({ name: `);
  draft.replace(name.end, uri.start, ", uri: ");
  draft.replace(uri.end, config.start, separator(draft, config));
  inline(draft, config);
  draft.replace(config.end, handler.start, members.size === 0 ? "read: " : ", read: ");
  rewriteHandler(draft, handler, { hasArguments: true, result: contentsOnly });
  textOfURI(draft, handler);
  draft.replace(handler.end, call.end, " }))");
  draft.done("server-api", start);
  return true;
}

/** True for a text, and for a constant that is one. False for a template. */
function isURI(draft: Draft, node: Syntax): boolean {
  const value = node.type === "Identifier" ? constantIn(draft, node)?.value : node;
  return textOf(value) !== undefined;
}

/** True if a handler returns nothing but `{ contents }`. */
export function returnsContents(handler: Syntax): boolean {
  const values: unknown[] = [];
  if (isNode(handler.body, "BlockStatement")) {
    walk(handler.body, (node, ancestors) => {
      if (node.type === "ReturnStatement" && !ancestors.some(isFunction))
        values.push(node.argument);
    });
  } else values.push(handler.body);
  return values.length > 0 && values.every((value) => contentsIn(value) !== undefined);
}

function contentsIn(value: unknown): Syntax | undefined {
  const node = bare(value);
  if (!isNode(node, "ObjectExpression")) return undefined;
  const members = membersOf(node);
  return members?.size === 1 ? (members.get("contents")?.value as Syntax | undefined) : undefined;
}

/** Replaces `{ contents }` by the contents. */
export function contentsOnly(draft: Draft, value: Syntax): void {
  const contents = contentsIn(value);
  if (contents === undefined) return;
  draft.replace(value.start, contents.start, "");
  draft.replace(contents.end, value.end, "");
}

/** The URI is a string and not a `URL`. */
function textOfURI(draft: Draft, handler: Syntax): void {
  const uri = nameOf((handler.params as readonly Syntax[])[0]);
  if (uri === undefined) return;
  walk(handler, (node) => {
    if (node.type !== "MemberExpression" || nameOf(node.object) !== uri) return;
    if (nameOf(node.property) === "href") draft.replace((node.object as Syntax).end, node.end, "");
  });
}
