/**
 * Events between the replicas of a fleet on one machine, over the channels between a supervisor and
 * the processes that it started.
 */
import { isolate } from "../protocol/isolate.ts";
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import type { EventBus } from "./event-bus.ts";
import type { EventBusOptions } from "./memory-event-bus.ts";
import { createMemoryEventBus } from "./memory-event-bus.ts";

/** One end of a channel between processes, such as `process` or a `ChildProcess` of Node. */
export interface ProcessChannel {
  /** Absent without a channel, as on the `process` of a program that was not forked. */
  send?(message: ChannelMessage, sent?: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  off?(event: "message", listener: (message: unknown) => void): unknown;
  /** `false` once the other end is closed. */
  readonly connected?: boolean;
}

/** A message on a channel. Its `type` distinguishes it from messages of other programs. */
interface ChannelMessage {
  readonly type: typeof messageType;
  readonly topic: string;
  readonly event: JSONObject;
}

export interface ProcessEventBus extends EventBus {
  /** Leaves the channel, which then no longer keeps the process alive. Local events continue. */
  readonly close: () => void;
}

export interface EventRelay {
  /** Adds a replica. Returns a function that removes it. */
  readonly add: (channel: ProcessChannel) => () => void;
  /** Leaves all channels. */
  readonly close: () => void;
}

/** Namespaced, because other programs may use the channel as well. */
const messageType = "lutra.event";

/**
 * Creates the bus of a replica, which also reaches the other replicas. Local listeners are called once
 * for a local event, before `publish` returns.
 *
 * Events must be JSON: a `Date` arrives as a string, and `undefined` is omitted. The events of one
 * publisher arrive in order; those of several publishers may arrive in different orders at different
 * replicas. Other replicas miss events that are published while the supervisor is unavailable.
 *
 * @throws {TypeError} when the process was started without a channel
 * @example
 * ```ts
 * const events = createProcessEventBus(process);
 * ```
 */
export function createProcessEventBus(
  channel: ProcessChannel,
  options: EventBusOptions = {},
): ProcessEventBus {
  if (typeof channel.send !== "function") {
    throw new TypeError("channel.send: expected a function; start this process with fork()");
  }
  const local = createMemoryEventBus(options);
  const onError = isolate(options.onError ?? reportChannelError);

  const receive = (message: unknown): void => {
    if (isChannelMessage(message)) void local.publish(message.topic, message.event);
  };
  channel.on("message", receive);
  let isClosed = false;

  return {
    subscribe: local.subscribe,
    publish: (topic, event) => {
      void local.publish(topic, event);
      if (isClosed) return;
      sendTo(channel, { type: messageType, topic, event }, (error) => onError(error, topic));
    },
    close: () => {
      isClosed = true;
      channel.off?.("message", receive);
    },
  };
}

/**
 * Creates the relay of a supervisor, which forwards each event of a replica to all others. Replicas that
 * have ended are skipped; `add` their successors.
 */
export function relayEvents(channels: Iterable<ProcessChannel> = []): EventRelay {
  const members = new Map<ProcessChannel, () => void>();

  function add(channel: ProcessChannel): () => void {
    const known = members.get(channel);
    if (known !== undefined) return known;
    const forward = (message: unknown): void => {
      if (!isChannelMessage(message)) return;
      for (const other of members.keys()) if (other !== channel) sendTo(other, message);
    };
    const remove = (): void => {
      if (members.delete(channel)) channel.off?.("message", forward);
    };
    members.set(channel, remove);
    channel.on("message", forward);
    return remove;
  }

  for (const channel of channels) add(channel);
  return {
    add,
    close: () => {
      for (const remove of [...members.values()]) remove();
    },
  };
}

/** Sends a message if the channel is open. The callback prevents an `error` event. */
function sendTo(
  channel: ProcessChannel,
  message: ChannelMessage,
  onError: (error: unknown) => void = () => {},
): void {
  if (channel.connected === false) return;
  try {
    channel.send?.(message, (error) => error && onError(error));
  } catch (thrown) {
    onError(thrown);
  }
}

function isChannelMessage(message: unknown): message is ChannelMessage {
  return (
    isObject(message) &&
    message.type === messageType &&
    typeof message.topic === "string" &&
    isObject(message.event)
  );
}

function reportChannelError(error: unknown, topic: string): void {
  console.error(`An event of the topic ${topic} did not reach the other replicas:`, error);
}
