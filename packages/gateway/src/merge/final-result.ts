/** Recognizes results of which a merged server changes nothing, by their text. */
import { findObject } from "../delivery/json-members.ts";

/**
 * The ends of the names of members that hold URIs, and the escape that could hide a name. The other
 * escapes of JSON stand for no letter.
 */
const telling: readonly string[] = ['"uri"', 'resourceUri"', "\\u"];

/** The type of a result that may carry request state or ids. */
const incomplete = /"resultType"\s*:(?!\s*"complete")/;

/** The member of a result that reports the error of a tool, which the console records. */
const toolError = /"isError"\s*:\s*true/;

/**
 * Returns true for a response that the client can get as it is. Returns false for errors, for results
 * that are not complete or report the error of a tool, for those that may contain a URI, and for any
 * other text.
 *
 * @param text The body in Latin-1
 * @param id The id of the request, as the client wrote it
 */
export function isFinalResult(text: string, id: string): boolean {
  if (telling.some((part) => text.includes(part))) return false;
  if (incomplete.test(text) || toolError.test(text)) return false;
  const members = findObject(text)?.members;
  const sent = (name: string) => {
    const place = members?.get(name);
    return place && text.slice(place.start, place.end);
  };
  if (members?.has("error") !== false || sent("jsonrpc") !== '"2.0"') return false;
  return sent("id") === id && sent("result")?.startsWith("{") === true;
}
