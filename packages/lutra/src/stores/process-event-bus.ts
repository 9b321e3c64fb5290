/**
 * Events between the replicas of a fleet on one machine, over the channels that join a supervisor
 * to the processes it started.
 */
import type { JSONObject } from "../protocol/json.ts";
import { isObject } from "../protocol/json.ts";
import type { EventBus, EventBusOptions } from "./event-bus.ts";
import { createMemoryEventBus } from "./event-bus.ts";

/** One end of a channel between two processes. `process` and a `ChildProcess` of Node are such. */
export interface ProcessChannel {
  /** Absent, as on `process`, where nobody is at the other end. */
  send?(message: ChannelMessage, sent?: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  off?(event: "message", listener: (message: unknown) => void): unknown;
  /** `false` once the other end is gone. */
  readonly connected?: boolean;
}

/** What travels on a channel; its `type` keeps it apart from the messages of others. */
export interface ChannelMessage {
  readonly type: typeof messageType;
  readonly topic: string;
  readonly event: JSONObject;
}

export interface ProcessEventBus extends EventBus {
  /** Leaves the channel, which then no longer keeps the process running. Local events go on. */
  readonly close: () => void;
}

export interface EventRelay {
  /** Lets a replica take part until the returned function is called. */
  readonly add: (channel: ProcessChannel) => () => void;
  /** Leaves all channels. */
  readonly close: () => void;
}

/** Namespaced, because a channel also carries messages that are none of ours. */
const messageType = "lutra.event";

/**
 * The replica's half: an event bus that also reaches the other replicas. A local listener hears a
 * local event once, before `publish` returns; the event does not come back over the channel.
 *
 * An event must be JSON, since a channel carries nothing else: a `Date` arrives as a string,
 * `undefined` not at all. The events of one publisher arrive in their order; those of several
 * publishers may arrive in different orders at different replicas. Events that are published while
 * the supervisor is away are lost to the others.
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
  const onError = options.onError ?? reportChannelError;

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
 * The supervisor's half: passes each event of one replica on to all the others. A replica that is
 * gone is skipped; `add` the one that takes its place.
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

/** Sends where someone listens. The callback keeps Node from raising an `error` event instead. */
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
