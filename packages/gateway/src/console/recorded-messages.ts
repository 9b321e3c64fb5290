/**
 * The messages of an exchange, for the console. Values of members with a name like `token` are always
 * masked. With `masked`, so are all arguments and results: only their names and types are recorded.
 */
import { isObject, metaKeys } from "lutra/protocol";

export type MessageMode = "none" | "masked" | "all";

export interface RecordedMessage {
  readonly kind: "request" | "notification" | "result" | "error";
  /** Time since the arrival of the request, in milliseconds. */
  readonly atMs: number;
  /** The message as JSON, masked, and cut off above 16,384 characters. */
  readonly text: string;
}

/** Bounds for one exchange. */
const maxMessages = 32;
const maxTextLength = 16_384;
/** Bounds within a message: the members or elements of one value, the levels, and all values. */
const maxMembers = 100;
const maxDepth = 12;
const maxValues = 2000;
/** Maximum length of a text within a message, in characters. */
const maxStringLength = 2000;
/** Length above which Base64 is replaced by its length, in characters. */
const maxBinaryLength = 256;

const secretName =
  /pass(?:word|wd|phrase)|secret|token|credential|authorization|cookie|api[-_]?key|private[-_]?key|session[-_]?id|signature/i;
/** Members with such a name that hold no secret. */
const openNames: ReadonlySet<string> = new Set(["progressToken", metaKeys.progressToken]);
const mask = "•••";

/** The members of a value that are shown in the mode `masked`; "all" for every member. */
type Shown = ReadonlySet<string> | "all";

const none: Shown = new Set<string>();
const described: Shown = new Set(["type", "mimeType", "uri", "role", "annotations"]);

/** The members that carry arguments, results or state, and the members within that are shown. */
const payloads: ReadonlyMap<string, Shown> = new Map<string, Shown>([
  ["arguments", none],
  ["argument", none],
  ["context", none],
  ["structuredContent", none],
  ["inputResponses", none],
  ["requestState", none],
  ["completion", none],
  ["data", none],
  ["content", described],
  ["contents", described],
  ["messages", described],
]);

/** The messages of one exchange. */
export class RecordedMessages {
  readonly #startedAt: number;
  readonly #mode: MessageMode;
  readonly #messages: RecordedMessage[] = [];

  constructor(startedAt: number, mode: MessageMode) {
    this.#startedAt = startedAt;
    this.#mode = mode;
  }

  /** Adds a message. Above 32 messages, only the last ones are kept besides the request. */
  add(kind: RecordedMessage["kind"], message: unknown): void {
    if (this.#messages.length >= maxMessages) this.#messages.splice(1, 1);
    const atMs = performance.now() - this.#startedAt;
    this.#messages.push({ kind, atMs, text: maskedText(message, this.#mode) });
  }

  list(): readonly RecordedMessage[] {
    return this.#messages;
  }
}

/** Returns a message as indented JSON without its secrets. */
export function maskedText(message: unknown, mode: MessageMode): string {
  const masked = new Masking(mode).value(message, { name: "", depth: 0, shown: "all" });
  const text = JSON.stringify(masked, undefined, 2) ?? "";
  return text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text;
}

interface Place {
  /** The name of the member that holds the value. */
  readonly name: string;
  readonly depth: number;
  readonly shown: Shown;
}

class Masking {
  readonly #mode: MessageMode;
  #values = 0;

  constructor(mode: MessageMode) {
    this.#mode = mode;
  }

  value(value: unknown, place: Place): unknown {
    this.#values += 1;
    if (this.#values > maxValues || place.depth > maxDepth) return "…";
    if (secretName.test(place.name) && !openNames.has(place.name)) return mask;
    if (Array.isArray(value)) return this.#elements(value, place);
    return isObject(value) ? this.#members(value, place) : leaf(value, place);
  }

  #elements(values: readonly unknown[], { name, depth, shown }: Place): unknown {
    const masked = values.slice(0, maxMembers).map((one) => {
      return this.value(one, { name, depth: depth + 1, shown });
    });
    const rest = values.length - masked.length;
    return rest > 0 ? [...masked, `… ${rest} more`] : masked;
  }

  #members(value: object, { depth, shown }: Place): unknown {
    const members = Object.entries(value);
    const masked = members.slice(0, maxMembers).map(([name, member]) => {
      const below = this.#mode === "all" ? "all" : shownIn(name, shown);
      return [name, this.value(member, { name, depth: depth + 1, shown: below })];
    });
    const rest = members.length - masked.length;
    if (rest > 0) masked.push(["…", `${rest} more`]);
    return Object.fromEntries(masked);
  }
}

/** Returns the members that are shown within a member. A payload never shows more than its parent. */
function shownIn(name: string, shown: Shown): Shown {
  if (shown === "all") return payloads.get(name) ?? "all";
  return shown.has(name) ? "all" : shown;
}

function leaf(value: unknown, { name, shown }: Place): unknown {
  if (shown !== "all" && value !== null) {
    return typeof value === "string"
      ? `${mask} ${value.length} characters`
      : `${mask} ${typeof value}`;
  }
  if (typeof value !== "string") return value;
  const isBinary = (name === "data" || name === "blob") && value.length > maxBinaryLength;
  if (isBinary) return `… ${value.length} characters of Base64`;
  return value.length > maxStringLength ? `${value.slice(0, maxStringLength)}…` : value;
}
