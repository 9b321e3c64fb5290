/** Rewrites a program: calls that have an equivalent in Lutra, and comments at the other findings. */
import type { Finding } from "../find.ts";
import type { Rule } from "../rules/rule.ts";
import { importsOf } from "../source/bindings.ts";
import type { Module } from "../source/module.ts";
import { sdkOf } from "../source/sdks.ts";
import { childrenWithTypes, isNode, nameOf, nodesIn, type Syntax, walk } from "../source/syntax.ts";
import { rewriteClients } from "./clients.ts";
import { Draft } from "./draft.ts";
import { rewriteImports } from "./imports.ts";
import { markFindings } from "./marks.ts";
import { rewriteRegisterPrompt } from "./prompts.ts";
import { rewriteRegisterResource } from "./resources.ts";
import { type List, rewriteConnect, rewriteNewServer, rewriteResourceUpdated } from "./servers.ts";
import { rewriteRegisterTemplate } from "./templates.ts";
import { rewriteAddTool, rewriteRegisterTool, rewriteTool } from "./tools.ts";

/** The new text of one module. */
export interface RewrittenModule {
  readonly file: string;
  readonly text: string;
  /** Number of uses that were rewritten. */
  readonly rewritten: number;
  /** Number of comments that were added. */
  readonly marked: number;
}

/** The lists to which calls add, and the names of the SDK that need one. */
const listed: { readonly [name: string]: List } = {
  registerTool: "tools",
  tool: "tools",
  addTool: "tools",
  registerResource: "resources",
  resource: "resources",
  addResource: "resources",
  registerPrompt: "prompts",
  prompt: "prompts",
  addPrompt: "prompts",
  ResourceTemplate: "resourceTemplates",
};

type CallRewriter = (draft: Draft, call: Syntax) => boolean;

/** Methods whose calls are rewritten at a finding. */
const calls: { readonly [method: string]: CallRewriter } = {
  registerTool: rewriteRegisterTool,
  tool: rewriteTool,
  addTool: rewriteAddTool,
  registerResource: (draft, call) =>
    rewriteRegisterResource(draft, call) || rewriteRegisterTemplate(draft, call),
  registerPrompt: rewriteRegisterPrompt,
  sendResourceUpdated: rewriteResourceUpdated,
};

/** Methods whose transport has the finding, maybe on another line. */
const connects: ReadonlySet<string> = new Set(["connect", "start"]);

/** Returns the modules whose text changes. */
export function rewriteModules(
  modules: readonly Module[],
  findings: readonly Finding[],
  rules: readonly Rule[],
): readonly RewrittenModule[] {
  const lists = listsOf(modules);
  return modules.flatMap((module) => {
    const own = findings.filter(({ file }) => file === module.path);
    if (own.length === 0) return [];
    const draft = new Draft(module, own);
    rewriteUses(draft, lists, new Set(own.map(({ line }) => line)));
    if (draft.rewritten > 0) rewriteImports(draft);
    const { rewritten } = draft;
    const marked = markFindings(draft, own, rules);
    if (draft.isEmpty) return [];
    return [{ file: module.path, text: draft.apply(), rewritten, marked }];
  });
}

/** Returns the lists to which the program adds, in any module. */
function listsOf(modules: readonly Module[]): ReadonlySet<List> {
  const used = modules.flatMap(({ facts }) =>
    facts.filter(({ kind, of }) => kind === "reference" || (kind === "call" && of !== "")),
  );
  const names = Object.keys(listed).filter((each) => used.some(({ name }) => name === each));
  return new Set(names.flatMap((name) => listed[name] ?? []));
}

function rewriteUses(draft: Draft, lists: ReadonlySet<List>, lines: ReadonlySet<number>): void {
  const { program, lineOf } = draft.module;
  const { bindings } = importsOf(program);
  const importedName = (node: unknown) => {
    const binding = isNode(node, "Identifier") ? bindings.get(String(node.name)) : undefined;
    return binding && sdkOf(binding.from) ? binding.imported : undefined;
  };
  const isServer = (node: unknown) => /^(?:McpServer|FastMCP)$/.test(importedName(node) ?? "");
  walk(program, (node, ancestors) => {
    if (node.type === "NewExpression" && isServer(node.callee))
      rewriteNewServer(draft, node, lists);
    if (importedName(node) === "UserError" && !isImport(ancestors.at(-1))) renameError(draft, node);
    if (node.type !== "CallExpression" || !isNode(node.callee, "MemberExpression")) return;
    const { property } = node.callee;
    const name = nameOf(property) ?? "";
    if (connects.has(name)) rewriteConnect(draft, node);
    else if (Object.hasOwn(calls, name) && lines.has(lineOf((property as Syntax).start))) {
      calls[name]?.(draft, node);
    }
  });
  rewriteClients(draft, (callee) => importedName(callee) === "Client");
  if (draft.rewritten > 0) renameTypes(draft, isServer);
}

function isImport(parent: Syntax | undefined): boolean {
  return parent?.type.startsWith("Import") === true;
}

function renameError(draft: Draft, { start, end }: Syntax): void {
  draft.replace(start, end, draft.need("ToolError"));
  draft.dropped.add(start);
  draft.done("error-api", start);
}

/** Renames the type of a server, which `walk` leaves out. */
function renameTypes(draft: Draft, isServer: (node: unknown) => boolean): void {
  const nodes = nodesIn(draft.module.program, () => false, childrenWithTypes);
  for (const { type, typeName } of nodes) {
    if (type !== "TSTypeReference" || !isServer(typeName)) continue;
    const { start, end } = typeName as Syntax;
    draft.need("type Server");
    draft.replace(start, end, "Server");
    draft.dropped.add(start);
  }
}
