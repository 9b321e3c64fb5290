/** Extracts the messages with which a source file creates errors. */
import { type Node, parseSync, Visitor } from "oxc-parser";

/** The messages of one creation of an error, with `…` for each inserted value. */
export interface MessageTemplate {
  readonly line: number;
  readonly text: string;
}

/** Functions that create an error from a message, by the position of the message. */
const factories: { readonly [name: string]: number } = {
  internalError: 0,
  invalid: 0,
  invalidParams: 0,
  invalidProof: 0,
  invalidToken: 0,
  mismatch: 0,
  notice: 0,
  refusal: 0,
  refused: 0,
  tooMany: 0,
  usageError: 1,
};

/** The names of functions that return a message. */
const returnsMessage = /^(?:message|problem)(?:For|With)/;

/** Classes whose message is not the first argument. */
const positions: { readonly [name: string]: number } = {
  AuthorizationError: 1,
  EarlierRevisionError: 0,
  ProtocolError: 1,
  SkillError: 2,
  StoreUnavailableError: 0,
  TransportError: 1,
  UpstreamError: 2,
};

/**
 * Returns the messages in a source. A message that another function computes is found only if the
 * function is named `messageFor...` or `problemWith...`.
 */
export function messageTemplatesOf(path: string, source: string): MessageTemplate[] {
  const { program } = parseSync(path, source);
  const constants = new Map<string, Node>();
  const found: MessageTemplate[] = [];
  const add = (node: Node | undefined) => {
    if (node === undefined) return;
    const line = source.slice(0, node.start).split("\n").length;
    for (const text of textsOf(node, constants)) {
      // A single word is a name that the constructor puts into its message.
      if (/[a-z]{3}.*\s|\s.*[a-z]{3}/i.test(text)) found.push({ line, text });
    }
  };
  const explaining: { readonly start: number; readonly end: number }[] = [];
  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (id.type === "Identifier" && init !== null) constants.set(id.name, init);
    },
    FunctionDeclaration: (node) => {
      if (node.id !== null && returnsMessage.test(node.id.name)) explaining.push(node);
    },
  }).visit(program);
  new Visitor({
    ReturnStatement: ({ start, argument }) => {
      const isMessage = explaining.some((each) => each.start < start && start < each.end);
      if (isMessage && argument !== null) add(argument);
    },
    NewExpression: ({ callee, arguments: given }) => {
      if (callee.type !== "Identifier" || !callee.name.endsWith("Error")) return;
      add(given[positions[callee.name] ?? 0]);
    },
    // The problems of a configuration are objects, and the rules of its schema have options.
    Property: ({ key, value }) => {
      if (key.type === "Identifier" && /^(?:message|error)$/.test(key.name)) add(value);
    },
    CallExpression: ({ callee, arguments: given }) => {
      const position = callee.type === "Identifier" ? factories[callee.name] : undefined;
      if (position !== undefined) add(given[position]);
    },
  }).visit(program);
  return found;
}

/** Returns the texts that an expression may have: one for each branch of its conditions. */
function textsOf(node: Node, constants: ReadonlyMap<string, Node>): string[] {
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? [node.value] : [];
    case "TemplateLiteral":
      return [node.quasis.map(({ value }) => value.cooked).join("…")];
    case "BinaryExpression": {
      const [left, right] = [node.left, node.right].map((side) => {
        const texts = textsOf(side as Node, constants);
        return texts.length === 0 ? ["…"] : texts;
      });
      return (left ?? []).flatMap((start) => (right ?? []).map((end) => start + end));
    }
    case "ConditionalExpression":
      return [node.consequent, node.alternate].flatMap((side) => textsOf(side, constants));
    case "Identifier": {
      const value = constants.get(node.name);
      return value === undefined || value.type === "Identifier" ? [] : textsOf(value, constants);
    }
    default:
      return [];
  }
}
