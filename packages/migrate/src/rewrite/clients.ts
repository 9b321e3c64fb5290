/**
 * Clients of the official SDK: a client, its transport and its connection become one `createClient`.
 * A client is rewritten only if every use of it is understood, because calls have other parameters.
 */
import { bare, isNode, nameOf, type Syntax, walk } from "../source/syntax.ts";
import { rewriteClientCall } from "./client-calls.ts";
import type { Draft } from "./draft.ts";
import { membersOf } from "./members.ts";

const transports: { readonly [name: string]: "http" | "stdio" } = {
  StreamableHTTPClientTransport: "http",
  SSEClientTransport: "http",
  StdioClientTransport: "stdio",
};

/** Rewrites the clients that are declared in a list of statements. */
export function rewriteClients(draft: Draft, isClient: (callee: unknown) => boolean): void {
  walk(draft.module.program, ({ type, body }) => {
    const statements = type === "Program" || type === "BlockStatement" ? body : [];
    for (const statement of statements as readonly Syntax[]) {
      const declared = declaredIn(statement);
      const value = bare(declared?.init);
      if (declared === undefined || !isNode(value, "NewExpression")) continue;
      if (isClient(value.callee)) rewriteClient(draft, statements as readonly Syntax[], statement);
    }
  });
}

/** Returns the only declaration of a `const` statement. */
function declaredIn(statement: Syntax): Syntax | undefined {
  const isConstant = statement.type === "VariableDeclaration" && statement.kind === "const";
  const [only, ...others] = (isConstant ? statement.declarations : []) as readonly Syntax[];
  return others.length === 0 && isNode(only?.id, "Identifier") ? only : undefined;
}

function rewriteClient(draft: Draft, statements: readonly Syntax[], declaration: Syntax): void {
  const { id, init } = declaredIn(declaration) as Syntax;
  const created = bare(init) as Syntax;
  const name = nameOf(id) ?? "";
  const connection = statements.find((each) => connectOf(each, name) !== undefined);
  const [info, options] = created.arguments as readonly Syntax[];
  if (connection === undefined || info === undefined || !isEmpty(options)) return;
  const transport = transportOf(statements, (connectOf(connection, name) as Syntax).arguments);
  const target = transport && targetText(draft, transport.created);
  const uses = usesOf(draft, name).filter((use) => !isInside(use.node, declaration, connection));
  const isEarly = uses.some(({ node }) => node.start < connection.start);
  if (transport === undefined || target === undefined || isEarly) return;
  const calls = uses.map(({ parents }) => rewriteClientCall(draft, parents));
  if (calls.includes(undefined)) return;
  for (const apply of calls) apply?.();
  removeStatement(draft, declaration);
  if (transport.statement !== undefined) removeStatement(draft, transport.statement);
  const clientInfo = `{ clientInfo: ${draft.text(info)} }`;
  const text = `const ${name} = ${draft.need("createClient", "lutra/client")}(${target}, ${clientInfo});`;
  draft.replace(connection.start, connection.end, text);
  for (const { callee } of [created, transport.created]) {
    const { start } = callee as Syntax;
    draft.dropped.add(start);
    draft.done("client-api", start);
    draft.done("sse-transport", start);
  }
}

/** True for missing options, and for those that declare no capabilities. */
function isEmpty(options: Syntax | undefined): boolean {
  if (options === undefined) return true;
  const members = isNode(options, "ObjectExpression") ? membersOf(options) : undefined;
  const capabilities = members?.get("capabilities")?.value;
  const isDeclared =
    isNode(capabilities, "ObjectExpression") && membersOf(capabilities)?.size === 0;
  return members?.size === 0 || (members?.size === 1 && isDeclared);
}

/** Returns the call in the statement `await client.connect(transport)`. */
function connectOf({ type, expression }: Syntax, name: string): Syntax | undefined {
  const call = type === "ExpressionStatement" ? bare(expression) : undefined;
  if (!isNode(call, "CallExpression") || !isNode(call.callee, "MemberExpression")) return undefined;
  const { object, property } = call.callee;
  return nameOf(object) === name && nameOf(property) === "connect" ? call : undefined;
}

interface Transport {
  readonly created: Syntax;
  /** The declaration; absent for a transport that is created in the call. */
  readonly statement?: Syntax;
}

function transportOf(statements: readonly Syntax[], given: unknown): Transport | undefined {
  const [only, ...others] = given as readonly Syntax[];
  if (others.length > 0) return undefined;
  if (isNode(only, "NewExpression")) return { created: only };
  const statement = statements.find((each) => nameOf(declaredIn(each)?.id) === nameOf(only));
  const created = statement && bare(declaredIn(statement)?.init);
  return isNode(created, "NewExpression") && statement ? { created, statement } : undefined;
}

/** Returns the first argument of `createClient`; `undefined` for a transport with other options. */
function targetText(draft: Draft, { callee, arguments: given }: Syntax): string | undefined {
  const name = nameOf(callee) ?? "";
  const kind = Object.hasOwn(transports, name) ? transports[name] : undefined;
  const [only, ...others] = given as readonly Syntax[];
  if (kind === undefined || only === undefined || others.length > 0) return undefined;
  if (kind === "stdio") return draft.text(only);
  const parts =
    isNode(only, "NewExpression") && nameOf(only.callee) === "URL" ? only.arguments : [];
  const [url, ...base] = parts as readonly Syntax[];
  return draft.text(url === undefined || base.length > 0 ? only : url);
}

interface ClientUse {
  readonly node: Syntax;
  /** The nodes around it, the nearest one first. */
  readonly parents: readonly Syntax[];
}

function usesOf(draft: Draft, name: string): readonly ClientUse[] {
  const uses: ClientUse[] = [];
  walk(draft.module.program, (node, ancestors) => {
    if (node.type !== "Identifier" || node.name !== name) return;
    const parent = ancestors.at(-1);
    const isKey =
      parent?.type === "MemberExpression" && parent.property === node && !parent.computed;
    if (!isKey) uses.push({ node, parents: [...ancestors].reverse() });
  });
  return uses;
}

function isInside({ start }: Syntax, ...statements: readonly Syntax[]): boolean {
  return statements.some((each) => each.start <= start && start < each.end);
}

/** Removes a statement, with its line if it has one of its own. */
function removeStatement(draft: Draft, { start, end }: Syntax): void {
  const { source } = draft.module;
  const lineStart = source.lastIndexOf("\n", start - 1) + 1;
  const isAlone = source.slice(lineStart, start).trim() === "" && source[end] === "\n";
  if (isAlone) draft.replace(lineStart, end + 1, "");
  else draft.replace(start, end, "");
}
