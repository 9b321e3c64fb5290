/** Requests of the server to the client, which become calls of the handler's context. */
import { isNode, nameOf, type Syntax, textOf, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";
import { memberOf } from "./members.ts";

interface Question {
  readonly rule: string;
  /** The method of the context. */
  readonly method: "elicit" | "sample" | "roots";
}

/** Requests by the method of the SDK, or by their own method. */
const questions: { readonly [name: string]: Question } = {
  elicitInput: { rule: "elicitation", method: "elicit" },
  createMessage: { rule: "sampling", method: "sample" },
  requestSampling: { rule: "sampling", method: "sample" },
  listRoots: { rule: "roots", method: "roots" },
  "elicitation/create": { rule: "elicitation", method: "elicit" },
  "sampling/createMessage": { rule: "sampling", method: "sample" },
};

const senders: ReadonlySet<string> = new Set(["sendRequest", "send"]);

/** Rewrites the requests in a handler whose context has a name. Returns true if there is one. */
export function rewriteRequests(draft: Draft, handler: Syntax, context: string): boolean {
  let isAsked = false;
  walk(handler, (node, ancestors) => {
    if (node.type !== "CallExpression") return;
    const request = requestIn(node);
    if (request === undefined) return;
    const { rule, method } = request.question;
    const call = `${context}.${method}(${draft.question(method)}`;
    const { params } = request;
    if (method === "roots") {
      if (!rewriteRoots(draft, ancestors, call)) return;
    } else if (params !== undefined) {
      draft.replace(node.start, params.start, `${call}, `);
      // Options, such as a time limit, are left out.
      draft.replace(params.end, node.end, ")");
    } else return;
    draft.done(rule, request.start);
    isAsked = true;
  });
  return isAsked;
}

interface FoundRequest {
  readonly question: Question;
  readonly params: Syntax | undefined;
  /** The position of the finding. */
  readonly start: number;
}

/** Reads `server.elicitInput(params)` and `extra.sendRequest({ method, params }, schema)`. */
function requestIn({ callee, arguments: given }: Syntax): FoundRequest | undefined {
  const called = isNode(callee, "MemberExpression") ? (callee.property as Syntax) : callee;
  const name = nameOf(called) ?? "";
  const [first] = given as readonly Syntax[];
  if (!senders.has(name)) {
    const question = questionOf(name);
    return question && { question, params: first, start: (called as Syntax).start };
  }
  if (!isNode(first, "ObjectExpression")) return undefined;
  const method = memberOf(first, "method")?.value as Syntax | undefined;
  const question = questionOf(textOf(method) ?? "");
  const params = memberOf(first, "params")?.value as Syntax | undefined;
  return question && method && { question, params, start: method.start };
}

function questionOf(name: string): Question | undefined {
  return Object.hasOwn(questions, name) ? questions[name] : undefined;
}

/** Rewrites `await server.listRoots()`, whose result is an object with the list. */
function rewriteRoots(draft: Draft, ancestors: readonly Syntax[], call: string): boolean {
  const parent = ancestors.at(-1);
  if (!isNode(parent, "AwaitExpression")) return false;
  const isValue = ancestors.at(-2)?.type === "VariableDeclarator";
  const roots = `{ roots: await ${call}) }`;
  draft.replace(parent.start, parent.end, isValue ? roots : `(${roots})`);
  return true;
}
