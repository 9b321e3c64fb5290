/** The line that stands for a message in a list: its method, and the entry that it is about. */
import type { WireMessage } from "../../../../server/explore/wire-message.ts";

type Members = { readonly [member: string]: unknown };

/** Returns the JSON object of a message; undefined for other texts, and for one that was cut. */
export function parsedMessage(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first members of a response, by which one is recognised whose rest was not kept. */
const responseStart = /^\{"jsonrpc":"2\.0","id":("[^"\\]*"|\d+),"(result|error)":/;

function beginningOf({ text, isCut }: WireMessage): Members {
  const [, id, kind] = (isCut && responseStart.exec(text)) || [];
  return id === undefined || kind === undefined ? {} : { id: JSON.parse(id), [kind]: {} };
}

/** Returns the lines for messages in any order. A response is named after its request, if it is known. */
export function subjectsOf(messages: readonly WireMessage[]): ReadonlyMap<WireMessage, string> {
  const subjects = new Map<WireMessage, string>();
  /** The last request with each id. A client that connects again begins with the first id. */
  const requests = new Map<unknown, string>();
  for (const message of [...messages].sort((one, other) => one.id - other.id)) {
    const value = parsedMessage(message.text) ?? beginningOf(message);
    if (typeof value.method === "string" && value.id !== undefined) {
      requests.set(value.id, named(value));
    }
    subjects.set(message, lineOf(value, requests, message));
  }
  return subjects;
}

function lineOf(
  value: Members,
  requests: ReadonlyMap<unknown, string>,
  { http }: WireMessage,
): string {
  const { id, method, error, result } = value;
  const number = id === undefined ? "" : ` #${id}`;
  if (typeof method === "string") return named(value) + number;
  const answered = requests.get(id) ?? "";
  const subject = answered === "" ? number : ` ${answered}${number}`;
  if (error !== undefined) return `error of${subject}`;
  if (result !== undefined) return `result of${subject}`;
  if (http?.method !== undefined) return `${http.method} ${http.url}`;
  return "response without a message";
}

/** Returns the method with the name, the URI or the kind of its parameters. */
function named({ method, params }: Members): string {
  if (!isObject(params)) return String(method);
  const { name, uri } = params;
  const entry = [name, uri].find((each) => typeof each === "string");
  return entry === undefined ? String(method) : `${method} ${entry}`;
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
