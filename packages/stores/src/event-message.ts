/** Events as text, for engines that carry text between processes. */
import type { JSONObject } from "lutra/protocol";

export interface EventMessage {
  /** Which bus sent it: a bus does not hear itself. */
  readonly sender: string;
  readonly topic: string;
  /** Reads the event, which costs more than the rest. */
  readonly event: () => JSONObject;
}

/** `number` grows with each message, since some engines drop one that equals another. */
export function encodeEvent(
  sender: string,
  number: number,
  { topic, event }: { readonly topic: string; readonly event: JSONObject },
): string {
  const name = JSON.stringify(topic);
  return `${sender}:${number}:${name.length}:${name}${JSON.stringify(event)}`;
}

/** `undefined` for what is no message of ours. */
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
