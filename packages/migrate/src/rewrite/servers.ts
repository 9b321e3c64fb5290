/** Servers: their creation, their connection with a transport, and their notifications. */
import { bare, isNode, nameOf, type Syntax, textOf, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";
import { memberOf, membersOf } from "./members.ts";

/** A list to which a program adds, and which `createServer` must declare. */
export type List = "tools" | "resources" | "resourceTemplates" | "prompts";

const kept: ReadonlySet<string> = new Set([
  "name",
  "title",
  "version",
  "description",
  "icons",
  "websiteUrl",
  "instructions",
]);

/** Rewrites `new McpServer(info, options)` and `new FastMCP(options)`. Returns true if it was rewritten. */
export function rewriteNewServer(draft: Draft, node: Syntax, lists: ReadonlySet<List>): boolean {
  const [info, options] = node.arguments as readonly Syntax[];
  if (!isNode(info, "ObjectExpression")) return false;
  const members = membersOf(info);
  if (members === undefined || [...members.keys()].some((key) => !kept.has(key))) return false;
  const isKnown = options === undefined || isNode(options, "ObjectExpression");
  if (!isKnown) return false;
  const callee = node.callee as Syntax;
  draft.replace(node.start, info.start, `${draft.need("createServer")}(`);
  const instructions = options && memberOf(options, "instructions");
  const more = [
    ...(instructions === undefined ? [] : [draft.text(instructions)]),
    ...[...lists].map((list) => `${list}: []`),
  ];
  const last = (info.properties as readonly Syntax[]).at(-1);
  const from = last?.end ?? info.start + 1;
  draft.replace(from, info.end, `${more.map((each) => `, ${each}`).join("")} }`);
  draft.replace(info.end, node.end, ")");
  draft.dropped.add(callee.start);
  draft.done("server-api", callee.start);
  return true;
}

/**
 * Rewrites `server.connect(new StdioServerTransport())` and `server.start({ transportType: "stdio" })`.
 * The transport may be a constant of the module.
 */
export function rewriteConnect(draft: Draft, call: Syntax): boolean {
  const { object } = call.callee as Syntax;
  const [transport] = call.arguments as readonly Syntax[];
  const server = draft.text(object as Syntax);
  const created = isNode(transport, "Identifier") ? constantOf(draft, transport) : undefined;
  const value = bare(created?.init ?? transport);
  if (!isStdio(value)) return false;
  draft.replace(call.start, call.end, `${draft.need("serveStdio", "lutra/node")}(${server})`);
  if (value?.type === "NewExpression") {
    const callee = value.callee as Syntax;
    draft.dropped.add(callee.start);
    draft.done("stdio-transport", callee.start);
  }
  const kind = isNode(value, "ObjectExpression") ? memberOf(value, "transportType") : undefined;
  if (kind !== undefined) draft.done("stdio-transport", (kind.value as Syntax).start);
  if (created !== undefined) draft.replace(created.start, created.end, "");
  return true;
}

function isStdio(value: Syntax | undefined): boolean {
  if (isNode(value, "NewExpression")) return nameOf(value.callee) === "StdioServerTransport";
  if (!isNode(value, "ObjectExpression")) return false;
  const type = memberOf(value, "transportType");
  return type !== undefined && textOf(type.value) === "stdio" && membersOf(value)?.size === 1;
}

interface Constant {
  readonly init: unknown;
  /** The whole statement, with the rest of its line. */
  readonly start: number;
  readonly end: number;
}

/** Returns the only declaration of a statement, if its name is used once. */
function constantOf(draft: Draft, { name }: Syntax): Constant | undefined {
  let found: Constant | undefined;
  let uses = 0;
  const { source, program } = draft.module;
  walk(program, (node) => {
    if (node.type === "Identifier" && node.name === name) uses += 1;
    const declarations = node.type === "VariableDeclaration" ? node.declarations : [];
    const [only, ...others] = declarations as readonly Syntax[];
    if (only === undefined || others.length > 0 || nameOf(only.id) !== name) return;
    const lineStart = source.lastIndexOf("\n", node.start - 1) + 1;
    const isAlone = source.slice(lineStart, node.start).trim() === "";
    const lineEnd = source.indexOf("\n", node.end);
    const isLast = lineEnd >= 0 && source.slice(node.end, lineEnd).trim() === "";
    const [start, end] = isAlone && isLast ? [lineStart, lineEnd + 1] : [node.start, node.end];
    found = { init: only.init, start, end };
  });
  return uses === 2 ? found : undefined;
}

/** Rewrites `server.server.sendResourceUpdated({ uri })`. */
export function rewriteResourceUpdated(draft: Draft, call: Syntax): boolean {
  const { object, property } = call.callee as Syntax;
  const [params] = call.arguments as readonly Syntax[];
  const uri = isNode(params, "ObjectExpression") ? memberOf(params, "uri") : undefined;
  if (uri === undefined) return false;
  const isInner = isNode(object, "MemberExpression") && nameOf(object.property) === "server";
  const server = draft.text((isInner ? (object as Syntax).object : object) as Syntax);
  draft.replace(
    call.start,
    call.end,
    `${server}.resourceUpdated(${draft.text(uri.value as Syntax)})`,
  );
  draft.done("changes", (property as Syntax).start);
  return true;
}
