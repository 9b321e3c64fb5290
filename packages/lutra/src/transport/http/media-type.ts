/** The media types of this transport, as `Content-Type` names them: parameters do not count. */

const json = /^application\/json\s*(?:;|$)/i;
const eventStream = /^text\/event-stream\s*(?:;|$)/i;

/** Returns true when `Content-Type` is JSON; false for types such as `application/json-seq`. */
export function isJSON(contentType: string | null | undefined): boolean {
  // Most clients send the plain name.
  if (contentType === "application/json") return true;
  return typeof contentType === "string" && json.test(contentType);
}

/** Returns true when `Content-Type` is an event stream. */
export function isEventStream(contentType: string | null | undefined): boolean {
  return typeof contentType === "string" && eventStream.test(contentType);
}
