/** Events as text, for engines that transmit text between processes. */
import type { JSONObject } from "lutra/protocol";

export interface EventMessage {
  /** The bus that sent the message, which ignores its own messages. */
  readonly sender: string;
  readonly topic: string;
  /** Parses the event on demand, because that costs more than the rest. */
  readonly event: () => JSONObject;
}

/** Encodes an event. `number` must differ for each message, since some engines drop duplicates. */
export function encodeEvent(
  sender: string,
  number: number,
  { topic, event }: { readonly topic: string; readonly event: JSONObject },
): string {
  const name = JSON.stringify(topic);
  return `${sender}:${number}:${name.length}:${name}${JSON.stringify(event)}`;
}

/** Parses a message. Returns `undefined` for messages of other programs. */
export function decodeEvent(message: string): EventMessage | undefined {
  const head = /^([^:]+):\d+:(\d+):/.exec(message);
  if (head === null) return undefined;
  const [start, sender = "", length] = head;
  const end = start.length + Number(length);
  try {
    const topic: unknown = JSON.parse(message.slice(start.length, end));
    if (typeof topic !== "string") return undefined;
    return { sender, topic, event: () => JSON.parse(message.slice(end)) as JSONObject };
  } catch {
    return undefined;
  }
}
