/** Progress of a handler, and the `_meta` of its request. */
import { isNode, nameOf, type Syntax, textOf, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";
import { memberOf, membersOf } from "./members.ts";

const senders: ReadonlySet<string> = new Set(["sendNotification", "notify", "notification"]);

/**
 * Rewrites progress notifications that are written out, and `_meta` of the context. Returns true if
 * there is one.
 */
export function rewriteProgress(draft: Draft, handler: Syntax, context: string): boolean {
  let isReported = false;
  walk(handler, (node) => {
    if (isNode(node, "MemberExpression") && nameOf(node.object) === context) {
      const property = node.property as Syntax;
      if (nameOf(property) === "_meta") draft.replace(property.start, property.end, "meta");
    }
    if (node.type === "CallExpression")
      isReported = rewriteCall(draft, node, context) || isReported;
  });
  return isReported;
}

/** Rewrites `sendNotification({ method: "notifications/progress", params: { ... } })`. */
function rewriteCall(draft: Draft, call: Syntax, context: string): boolean {
  const called = isNode(call.callee, "MemberExpression") ? call.callee.property : call.callee;
  const [message] = call.arguments as readonly Syntax[];
  if (!senders.has(nameOf(called) ?? "") || !isNode(message, "ObjectExpression")) return false;
  const method = memberOf(message, "method")?.value as Syntax | undefined;
  const params = memberOf(message, "params")?.value;
  if (textOf(method) !== "notifications/progress" || method === undefined) return false;
  const members = isNode(params, "ObjectExpression") ? membersOf(params) : undefined;
  if (members === undefined) return false;
  const kept = [...members].filter(([name]) => name !== "progressToken");
  const values = kept.map(([, member]) => draft.text(member)).join(", ");
  draft.replace(call.start, call.end, `${context}.progress({ ${values} })`);
  draft.done("progress", method.start);
  draft.done("server-message", (called as Syntax).start);
  return true;
}
