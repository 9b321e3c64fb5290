/** Handlers of tools and resources: their parameters, results and errors. */
import { bare, isFunction, isNode, nameOf, type Syntax, walk } from "../source/syntax.ts";
import { functionIn } from "./constants.ts";
import type { Draft } from "./draft.ts";
import { memberOf } from "./members.ts";
import { rewriteProgress } from "./progress.ts";
import { rewriteRequests } from "./requests.ts";

interface HandlerForm {
  /** True if the first parameter is the arguments, and not the context. */
  readonly hasArguments: boolean;
  /** Changes the value that the handler returns. */
  readonly result: (draft: Draft, value: Syntax, isAsync: boolean) => void;
}

/** Changes a handler that is written in place. A handler with a name is called by a new one. */
export function rewriteHandler(draft: Draft, handler: Syntax, form: HandlerForm): void {
  if (isFunction(handler)) rewriteFunction(draft, handler, form);
  else wrapHandler(draft, handler, form);
}

function rewriteFunction(draft: Draft, handler: Syntax, form: HandlerForm): void {
  const params = handler.params as readonly Syntax[];
  const [first] = params;
  if (!form.hasArguments && first !== undefined) draft.insert(first.start, "_arguments, ");
  const context = params[form.hasArguments ? 1 : 0];
  if (context === undefined || isNode(context, "Identifier")) {
    const name = nameOf(context) ?? "context";
    const isAsked = rewriteRequests(draft, handler, name);
    const isReported = rewriteProgress(draft, handler, name);
    if ((isAsked || isReported) && context === undefined) addContext(draft, handler, params);
  }
  for (const value of returnsOf(handler)) form.result(draft, value, handler.async === true);
  rewriteErrors(draft, handler);
}

function wrapHandler(draft: Draft, handler: Syntax, { hasArguments }: HandlerForm): void {
  const parameters = hasArguments ? "args, context" : "context";
  const own = hasArguments ? "args, context" : "_arguments, context";
  draft.insert(handler.start, `async (${own}) => ${draft.need("toolResult")}(await `);
  draft.insert(handler.end, `(${parameters}))`);
  const named = isNode(handler, "Identifier") ? functionIn(draft, handler) : undefined;
  if (named !== undefined) rewriteErrors(draft, named);
}

/** Appends the parameter `context`. */
function addContext(draft: Draft, handler: Syntax, params: readonly Syntax[]): void {
  const last = params.at(-1);
  if (last === undefined) {
    const open = draft.module.source.indexOf("(", handler.start);
    draft.insert(open + 1, "_arguments, context");
    return;
  }
  const isBare = !draft.module.source.slice(handler.start, last.start).includes("(");
  if (isBare) draft.insert(last.start, "(");
  draft.insert(last.end, isBare ? ", context)" : ", context");
}

/** Returns the values that a function returns, without those of functions inside. */
function returnsOf(handler: Syntax): readonly Syntax[] {
  if (!isNode(handler.body, "BlockStatement")) return [handler.body as Syntax];
  const found: Syntax[] = [];
  walk(handler.body, (node, ancestors) => {
    if (node.type !== "ReturnStatement" || ancestors.some(isFunction)) return;
    if (isNode(node.argument)) found.push(node.argument);
  });
  return found;
}

/** Completes the result of a FastMCP tool, which may also be a text or a content block. */
export function textOrToolReturn(draft: Draft, value: Syntax, isAsync: boolean): void {
  const node = bare(value);
  const isComplete = isNode(node, "ObjectExpression") && memberOf(node, "content") !== undefined;
  if (isComplete) toolReturn(draft, value, isAsync);
}

/** Wraps the result of an SDK's tool. */
export function toolReturn(draft: Draft, value: Syntax, isAsync: boolean): void {
  const node = bare(value);
  const isKnown = isNode(node, "ObjectExpression");
  // The explicit form of an input request is a value of its own.
  if (isNode(node, "CallExpression") && nameOf(node.callee) === "inputRequired") return;
  if (isKnown && value.type === "ParenthesizedExpression") {
    draft.insert(value.start, draft.need("toolResult"));
    return;
  }
  const needsAwait = !isKnown && isAsync && value.type !== "AwaitExpression";
  draft.insert(value.start, `${draft.need("toolResult")}(${needsAwait ? "await " : ""}`);
  draft.insert(value.end, ")");
}

/** Errors of a handler reach the model with their message, as the SDK sends them. */
function rewriteErrors(draft: Draft, handler: Syntax): void {
  walk(handler, (node, ancestors) => {
    const thrown = isNode(node, "ThrowStatement") ? node.argument : undefined;
    if (!isNode(thrown, "NewExpression") || ancestors.slice(1).some(isFunction)) return;
    const callee = thrown.callee as Syntax;
    if (nameOf(callee) === "Error" && (thrown.arguments as readonly Syntax[]).length === 1) {
      draft.replace(callee.start, callee.end, draft.need("ToolError"));
    }
  });
}
