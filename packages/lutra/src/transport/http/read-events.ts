/**
 * Reads Server-Sent Events from bytes as they arrive. Lines end in CRLF, LF or CR; a line that starts
 * with a colon is a comment; a blank line ends an event. Decision 0012 compares this reader with
 * `eventsource-parser`.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */
import { malformed } from "../../protocol/method.ts";
import { PiecedText } from "../pieced-text.ts";

export interface EventReader {
  /**
   * Reads the next bytes and reports the events that they complete. An event without a blank line at
   * the end of the stream is not reported.
   *
   * @throws {TransportError} `malformed` when an event is longer than the limit
   */
  readonly read: (chunk: Uint8Array) => void;
  /** Returns the length of the event that is not complete yet, in characters. */
  readonly bufferedLength: () => number;
}

/** The parts of a stream that only earlier revisions use. */
export interface EventParts {
  /** Called with each field except `data`, such as `id` and `retry`. */
  readonly onField: (name: string, value: string) => void;
  /** Called at the end of each event, before `onData`. */
  readonly onEvent: (type: string, data: string) => void;
}

/**
 * Creates a reader of one stream. `onData` is called with the data of each event of the type
 * `message`. `id` and `retry` are ignored without `parts`, because streams are not resumable.
 * `maxEventLength` is the limit of one event, in characters.
 */
export function createEventReader(
  onData: (data: string) => void,
  maxEventLength: number,
  parts?: EventParts,
): EventReader {
  const decoder = new TextDecoder();
  /** The line whose end has not arrived. */
  const unfinished = new PiecedText();
  const data = new PiecedText();
  let hasData = false;
  let eventType = "";
  let afterReturn = false;

  function requireRoom(length: number): void {
    if (unfinished.length + data.length + length > maxEventLength) {
      throw malformed(`event stream: an event is longer than ${maxEventLength} characters`);
    }
  }

  function endLine(end: string): void {
    requireRoom(end.length);
    const line = unfinished.length === 0 ? end : unfinished.takeWith(end);
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
    if (name !== "data") {
      parts?.onField(name, value);
      return;
    }
    if (hasData) data.push("\n");
    hasData = true;
    data.push(value);
  }

  function endEvent(): void {
    const text = data.take();
    const isMessage = text !== "" && (eventType === "" || eventType === "message");
    parts?.onEvent(eventType, text);
    hasData = false;
    eventType = "";
    if (isMessage) onData(text);
  }

  return {
    read: (chunk) => {
      const text = decoder.decode(chunk, { stream: true });
      if (text === "") return;
      // A line feed after a carriage return belongs to the line that has already ended.
      let start = afterReturn && text[0] === "\n" ? 1 : 0;
      start = endLines(text, start, endLine);
      afterReturn = text.endsWith("\r");
      if (start < text.length) {
        requireRoom(text.length - start);
        unfinished.push(text.slice(start));
      }
    },
    bufferedLength: () => unfinished.length + data.length,
  };
}

/** Reports the lines that end in `text`, and returns the index at which the rest starts. */
function endLines(text: string, from: number, endLine: (end: string) => void): number {
  let start = from;
  const next = (char: string): number => {
    const at = text.indexOf(char, start);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  };
  let feed = next("\n");
  let carriage = next("\r");
  // They are equal only when neither is found.
  while (feed !== carriage) {
    const end = Math.min(feed, carriage);
    endLine(text.slice(start, end));
    start = end + (feed === carriage + 1 ? 2 : 1);
    if (feed < start) feed = next("\n");
    if (carriage < start) carriage = next("\r");
  }
  return start;
}
