/**
 * Server-Sent Events, read from bytes as they arrive: lines end in CRLF, LF or CR, a line that
 * starts with a colon is a comment, a blank line ends an event.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */
import { malformed } from "../../protocol/method.ts";

export interface EventReader {
  /**
   * Takes the next bytes and reports the events they complete. What the stream ends with before a
   * blank line is no event.
   *
   * @throws {TransportError} `malformed` when one event grows beyond the limit
   */
  readonly read: (chunk: Uint8Array) => void;
}

/**
 * Reads a stream of events. `onData` gets the text of each event that is a message; `id` and
 * `retry` are ignored, since streams are not resumable. `maxEventLength` bounds one event, in
 * characters.
 */
export function createEventReader(
  onData: (data: string) => void,
  maxEventLength: number,
): EventReader {
  const decoder = new TextDecoder();
  /** The beginning of a line whose end has not arrived, in the pieces that did. */
  let unfinished: string[] = [];
  let lineLength = 0;
  let data: string[] = [];
  let dataLength = 0;
  let eventType = "";
  let afterReturn = false;

  function grow(length: number): void {
    lineLength += length;
    if (lineLength + dataLength > maxEventLength) {
      throw malformed(`event stream: an event is longer than ${maxEventLength} characters`);
    }
  }

  function endLine(end: string): void {
    grow(end.length);
    const line = unfinished.length === 0 ? end : unfinished.join("") + end;
    unfinished = [];
    lineLength = 0;
    if (line === "") endEvent();
    else readField(line);
  }

  function readField(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const start = line[colon + 1] === " " ? colon + 2 : colon + 1;
    const value = colon < 0 ? "" : line.slice(start);
    if (name === "event") eventType = value;
    if (name !== "data") return;
    data.push(value);
    dataLength += value.length + 1;
  }

  function endEvent(): void {
    const text = data.length === 1 ? (data[0] ?? "") : data.join("\n");
    const isMessage = text !== "" && (eventType === "" || eventType === "message");
    data = [];
    dataLength = 0;
    eventType = "";
    if (isMessage) onData(text);
  }

  return {
    read: (chunk) => {
      const text = decoder.decode(chunk, { stream: true });
      if (text === "") return;
      // A line feed right after a carriage return belongs to the line that has already ended.
      let start = afterReturn && text[0] === "\n" ? 1 : 0;
      start = endLines(text, start, endLine);
      afterReturn = text.endsWith("\r");
      if (start < text.length) {
        grow(text.length - start);
        unfinished.push(text.slice(start));
      }
    },
  };
}

/** Reports the lines of `text` that end in it, and gives the place where the rest starts. */
function endLines(text: string, from: number, endLine: (end: string) => void): number {
  let start = from;
  const next = (char: string): number => {
    const at = text.indexOf(char, start);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  let feed = next("\n");
  let carriage = next("\r");
  // They are equal when there is neither.
  while (feed !== carriage) {
    const end = Math.min(feed, carriage);
    endLine(text.slice(start, end));
    start = end + (feed === carriage + 1 ? 2 : 1);
    if (feed < start) feed = next("\n");
    if (carriage < start) carriage = next("\r");
  }
  return start;
}
