/** The messages between the client and the server of a view, as far as they can be seen. */

/** The HTTP part of a message. Secrets in headers are masked. */
export interface HttpPart {
  /** The method and the URL of a request. */
  readonly method?: string;
  readonly url?: string;
  /** The status of a response. */
  readonly status?: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A message without its number and its run. */
export interface WirePart {
  readonly direction: "sent" | "received";
  /** Absent for stdio and in memory. */
  readonly http?: HttpPart;
  /** JSON text, or other text as it was received. */
  readonly text: string;
  /** True if the text was longer than is kept. */
  readonly isCut?: boolean;
}

export interface WireMessage extends WirePart {
  readonly id: number;
  /** The time, in milliseconds since 1970. */
  readonly at: number;
  /** The run to which it belongs. Absent for lists and subscriptions. */
  readonly runId?: number;
}

/** Maximum length of the text of one message, in characters. */
export const maxTextLength: number = 256 * 1024;

/** Cuts a text to the length that is kept. */
export function textPart(text: string): Pick<WirePart, "text" | "isCut"> {
  if (text.length <= maxTextLength) return { text };
  return { text: text.slice(0, maxTextLength), isCut: true };
}
