/**
 * The bytes of a request of the current revision as those of a legacy one, and the bytes of the
 * response to it as those of the current one.
 */
import { isUtf8 } from "node:buffer";
import { toLegacyMeta } from "lutra/internal";
import { findObject, membersAt } from "../delivery/json-members.ts";
import type { ReadCall } from "../delivery/read-call.ts";

/** The parameters that only the current revision has, and the one that is converted. */
const modernParams: ReadonlySet<string> = new Set(["_meta", "inputResponses", "requestState"]);

/** A name that needs no escapes. */
const plainName = /^[\w$./-]+$/;

/** A line of an event stream without a part of a message. */
const plainLine = /^(?:data: ?|event: ?message|(?:id|retry):.*|)$/;

/** The member of a result that reports the error of a tool, which the console records. */
const toolError = /"isError"\s*:\s*true/;

/**
 * Returns the bytes of a request with an id of its session. Returns undefined for invalid JSON, and for
 * unusual names of parameters, which have to be parsed.
 */
export function legacyRequest(
  { text, params, sentMeta }: ReadCall,
  method: string,
  id: number,
): Buffer | undefined {
  const members: string[] = [];
  for (const [name, { start, end }] of params) {
    if (!plainName.test(name)) return undefined;
    if (modernParams.has(name)) continue;
    const value = text.slice(start, end);
    if (!isJSON(value)) return undefined;
    members.push(`"${name}":${value}`);
  }
  const meta = toLegacyMeta(sentMeta, id);
  if (meta !== undefined) members.push(`"_meta":${latin1(JSON.stringify(meta))}`);
  const head = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}`;
  return Buffer.from(`${head},"params":{${members.join(",")}}}`, "latin1");
}

/** The ids of a request. */
interface Ids {
  /** The id in the session. */
  readonly own: number;
  /** The id of the client, as it wrote it. */
  readonly sent: string;
}

/**
 * Returns the text of a response for the client. Returns undefined for errors, for results that have a
 * type already or report the error of a tool, and for any other text.
 *
 * @param text The body in Latin-1
 */
export function modernResponse(text: string, { own, sent }: Ids): string | undefined {
  const members = findObject(text)?.members;
  const read = (name: string) => {
    const place = members?.get(name);
    return place && text.slice(place.start, place.end);
  };
  if (members?.has("error") !== false || read("jsonrpc") !== '"2.0"') return undefined;
  const result = read("id") === String(own) ? members.get("result") : undefined;
  const found = result && membersAt(text, result.start)?.members;
  if (result === undefined || found === undefined || found.has("resultType")) return undefined;
  if (toolError.test(text) || !isJSON(text)) return undefined;
  if (!isUtf8(Buffer.from(text, "latin1"))) return undefined;
  const rest = text.slice(result.start + 1, result.end);
  const type = `"resultType":"complete"${found.size === 0 ? "" : ","}`;
  return `{"jsonrpc":"2.0","id":${latin1(sent)},"result":{${type}${rest}}`;
}

/**
 * Returns the text of a response for the client that is the only message of an event stream. Returns
 * undefined for any other stream.
 *
 * @param text The stream in Latin-1
 * @spec 2025-11-25/basic/transports#sending-messages-to-the-server
 */
export function modernEvent(text: string, ids: Ids): string | undefined {
  if (!text.endsWith("\n\n") && !text.endsWith("\n\r\n")) return undefined;
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const [data = "", ...others] = lines.filter((line) => !plainLine.test(line));
  // A carriage return alone also ends a line.
  if (others.length > 0 || !data.startsWith("data:") || data.includes("\r")) return undefined;
  return modernResponse(data.slice(5), ids);
}

/** Returns true for JSON, also for one whose bytes are read as Latin-1. */
function isJSON(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns the UTF-8 bytes of a text as text in Latin-1. */
function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}
