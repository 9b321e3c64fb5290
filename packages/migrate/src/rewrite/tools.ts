/** Tools: `registerTool` and `tool` of the official SDK, `addTool` of FastMCP. */
import { isFunction, isNode, nameOf, type Syntax, textOf } from "../source/syntax.ts";
import { literalOf } from "./constants.ts";
import type { Draft } from "./draft.ts";
import { rewriteHandler, textOrToolReturn, toolReturn } from "./handlers.ts";
import { inline, membersOf, rename, separator } from "./members.ts";
import { isShape, schemaFromShape } from "./schemas.ts";

const known: ReadonlySet<string> = new Set([
  "title",
  "description",
  "icons",
  "annotations",
  "inputSchema",
  "outputSchema",
  "_meta",
]);

/** Rewrites `server.registerTool(name, config, handler)`. Returns true if it was rewritten. */
export function rewriteRegisterTool(draft: Draft, call: Syntax): boolean {
  const [name, config, handler] = call.arguments as readonly Syntax[];
  const literal = literalOf(draft, config);
  if (name === undefined || config === undefined || handler === undefined) return false;
  const members = literal && membersOf(literal);
  if (members === undefined || [...members.keys()].some((key) => !known.has(key))) return false;
  beginTool(draft, call, name);
  draft.replace(name.end, config.start, separator(draft, config));
  inline(draft, config);
  for (const key of ["inputSchema", "outputSchema"]) {
    const schema = members.get(key);
    if (schema !== undefined) schemaFromShape(draft, schema.value as Syntax);
  }
  draft.replace(config.end, handler.start, members.size === 0 ? "call: " : ", call: ");
  endTool(draft, call, handler, members.has("inputSchema"));
  return true;
}

/** Rewrites `server.tool(name, description?, shape?, annotations?, handler)`. */
export function rewriteTool(draft: Draft, call: Syntax): boolean {
  const all = call.arguments as readonly Syntax[];
  const [name, ...rest] = all;
  const handler = rest.pop();
  if (name === undefined || handler === undefined || all.length > 5) return false;
  const isText = isNode(rest[0], "BinaryExpression") || textOf(rest[0]) !== undefined;
  const description = isText ? rest.shift() : undefined;
  const shape = rest.shift();
  const [annotations] = rest;
  if (shape !== undefined && !isShape(shape) && !isNode(shape, "MemberExpression")) return false;
  beginTool(draft, call, name);
  let end = name.end;
  const add = (key: string, value: Syntax) => {
    draft.replace(end, value.start, `, ${key}: `);
    end = value.end;
  };
  if (description !== undefined) add("description", description);
  if (shape !== undefined) add("inputSchema", shape);
  if (shape !== undefined) schemaFromShape(draft, shape);
  if (annotations !== undefined) add("annotations", annotations);
  add("call", handler);
  endTool(draft, call, handler, shape !== undefined);
  return true;
}

function beginTool(draft: Draft, { callee }: Syntax, name: Syntax): void {
  const { property } = callee as Syntax;
  const { start, end } = property as Syntax;
  draft.replace(start, end, "tools.add");
  draft.insert(name.start, `${draft.need("defineTool")}({ name: `);
  draft.done("server-api", start);
}

function endTool(draft: Draft, call: Syntax, handler: Syntax, hasArguments: boolean): void {
  rewriteHandler(draft, handler, { hasArguments, result: toolReturn });
  draft.replace(handler.end, call.end, " }))");
}

const renamed: { readonly [name: string]: string } = { parameters: "inputSchema", execute: "call" };
const knownToFastMCP: ReadonlySet<string> = new Set([
  "name",
  "description",
  "annotations",
  "parameters",
  "outputSchema",
  "execute",
]);

/** Rewrites `server.addTool({ name, parameters, execute })`. */
export function rewriteAddTool(draft: Draft, call: Syntax): boolean {
  const [tool] = call.arguments as readonly Syntax[];
  if (!isNode(tool, "ObjectExpression")) return false;
  const members = membersOf(tool);
  const handler = members?.get("execute")?.value;
  if (members === undefined || !isFunction(handler) || takesApart(handler)) return false;
  if ([...members.keys()].some((key) => !knownToFastMCP.has(key))) return false;
  const { start, end } = (call.callee as Syntax).property as Syntax;
  draft.replace(start, end, "tools.add");
  draft.insert(tool.start, `${draft.need("defineTool")}(`);
  draft.insert(tool.end, ")");
  for (const [key, property] of members) {
    const name = renamed[key];
    if (name !== undefined) rename(draft, property, name);
  }
  rewriteHandler(draft, handler, { hasArguments: true, result: textOrToolReturn });
  draft.done("server-api", start);
  return true;
}

/** True for a context that is destructured, because its members have other names. */
function takesApart(handler: Syntax): boolean {
  const context = (handler.params as readonly Syntax[])[1];
  return context !== undefined && nameOf(context) === undefined;
}
