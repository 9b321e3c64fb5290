/** Calls of a client: the SDK takes one object where Lutra takes a name or URI, and arguments. */
import { isNode, nameOf, type Syntax } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";
import { membersOf } from "./members.ts";

/** Methods by the members of their parameters that become parameters of their own. */
const taken: { readonly [method: string]: readonly [first: string, second?: string] } = {
  callTool: ["name", "arguments"],
  getPrompt: ["name", "arguments"],
  readResource: ["uri"],
};

/** Methods that are alike without parameters. */
const alike: ReadonlySet<string> = new Set([
  "close",
  "listPrompts",
  "listResourceTemplates",
  "listResources",
  "listTools",
]);

/**
 * Returns a function that rewrites a use of a client, by the nodes around it, the nearest one first.
 * Returns `undefined` for a use that is not understood.
 */
export function rewriteClientCall(
  draft: Draft,
  [member, call]: readonly Syntax[],
): (() => void) | undefined {
  if (!isNode(member, "MemberExpression") || !isNode(call, "CallExpression")) return undefined;
  const method = nameOf(member.property) ?? "";
  const [params, ...others] = call.arguments as readonly Syntax[];
  if (call.callee !== member || others.length > 0) return undefined;
  if (alike.has(method)) return params === undefined ? () => {} : undefined;
  const names = Object.hasOwn(taken, method) ? taken[method] : undefined;
  const members = isNode(params, "ObjectExpression") ? membersOf(params) : undefined;
  if (names === undefined || members === undefined || params === undefined) return undefined;
  const [first, second = ""] = names;
  const isKnown = members.has(first) && [...members.keys()].every((key) => names.includes(key));
  if (!isKnown) return undefined;
  const values = [members.get(first), members.get(second)].flatMap((each) => {
    return each === undefined ? [] : [draft.text(each.value as Syntax)];
  });
  return () => draft.replace(params.start, params.end, values.join(", "));
}
