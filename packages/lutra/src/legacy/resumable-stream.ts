/**
 * The event stream that answers one legacy request. Its events have ids, so a client that lost the
 * connection can resume it, and the request continues in the meantime.
 *
 * @spec 2025-11-25/basic/transports#resumability-and-redelivery
 */
import { randomId } from "../server/random-id.ts";
import type { EventSink } from "../transport/http/legacy-hook.ts";

/** Maximum number of events of one stream that are kept for a client that reconnects. */
const maxKeptEvents = 256;
/** Maximum length of these events, in characters. */
const maxStreamLength = 4_194_304;
/** Maximum length of the events of all streams that are kept, in characters. */
const maxKeptLength = 33_554_432;
/** Maximum number of requests that continue without a reader. */
const maxDetached = 1000;
/** Maximum time that a request continues without a reader, in milliseconds. */
const maxDetachedMs = 30_000;
/** Pause that clients keep before they reconnect, in milliseconds. */
const retryMs = 1000;

/** The id of an event: that of its stream, and its number. */
const eventIdPattern = /^([\w-]{24})\.(\d{1,9})$/;

interface KeptEvent {
  readonly number: number;
  readonly text: string;
}

/** The open streams of one endpoint, by their ids. */
export class ResumableStreams {
  readonly #streams = new Map<string, ResumableStream>();
  /** The streams without a reader, the longest without one first. */
  readonly #detached = new Set<ResumableStream>();
  /** The start of the ids of all streams here. */
  readonly #replica = randomId(6);
  #keptLength = 0;

  /** Opens the stream that answers a request. */
  open(sink: EventSink, settings: StreamSettings): ResumableStream {
    const stream = new ResumableStream(sink, {
      ...settings,
      id: `${this.#replica}${randomId(12)}`,
      keep: (change) => {
        this.#keptLength += change;
        return this.#keptLength <= maxKeptLength;
      },
      onDone: () => {
        this.#streams.delete(stream.id);
        this.#detached.delete(stream);
      },
      onAttached: () => this.#detached.delete(stream),
      onDetached: () => {
        this.#detached.add(stream);
        const [longest] = this.#detached;
        if (this.#detached.size > maxDetached) longest?.abandon();
      },
    });
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Returns true for an id that no other replica can have given to an event. */
  isOwn(lastEventId: string): boolean {
    return lastEventId.startsWith(this.#replica) || !eventIdPattern.test(lastEventId);
  }

  /**
   * Finds the stream of the event that a client has received last, with the number of that event.
   * Returns undefined when this replica does not have it for this owner, or lacks events since.
   */
  find(
    lastEventId: string,
    owner: string,
  ): { readonly stream: ResumableStream; readonly after: number } | undefined {
    const [, id = "", number] = eventIdPattern.exec(lastEventId) ?? [];
    const stream = this.#streams.get(id);
    const after = Number(number);
    return stream?.canResume(owner, after) ? { stream, after } : undefined;
  }
}

export interface StreamSettings {
  /** The session that may resume the stream. */
  readonly owner: string;
  /** True to begin with an event without data, whose id the client can resume from. */
  readonly isPrimed: boolean;
  /** Called when the client has not reconnected in time. */
  readonly onAbandoned: () => void;
}

interface StreamOptions extends StreamSettings {
  readonly id: string;
  /** Counts kept text. Returns false when there is too much of it. */
  readonly keep: (change: number) => boolean;
  readonly onAttached: () => void;
  readonly onDetached: () => void;
  readonly onDone: () => void;
}

export class ResumableStream {
  readonly id: string;
  readonly #options: StreamOptions;
  readonly #events: KeptEvent[] = [];
  #length = 0;
  #sink: EventSink | undefined;
  #number = 0;
  #hasEnded = false;
  #abandonment: ReturnType<typeof setTimeout> | undefined;

  constructor(sink: EventSink, options: StreamOptions) {
    this.id = options.id;
    this.#options = options;
    this.#sink = sink;
    if (options.isPrimed) void sink.write(`id: ${this.id}.0\nretry: ${retryMs}\ndata: \n\n`);
  }

  /** Sends a message. Returns a promise where the client has to catch up before the next one. */
  send(json: string): void | Promise<void> {
    if (this.#hasEnded) return;
    this.#number += 1;
    const text = `id: ${this.id}.${this.#number}\nevent: message\ndata: ${json}\n\n`;
    this.#keep({ number: this.#number, text });
    return this.#sink?.write(text);
  }

  /** Sends the last message, if there is one, and ends the stream. */
  end(json?: string): void {
    if (json !== undefined) void this.send(json);
    this.#hasEnded = true;
    this.#sink?.end();
  }

  /** Returns true when all events since `after` are kept, and `owner` may have them. */
  canResume(owner: string, after: number): boolean {
    if (owner !== this.#options.owner || after > this.#number) return false;
    const [oldest] = this.#events;
    return after === this.#number || (oldest !== undefined && oldest.number <= after + 1);
  }

  /** Continues on another response, with the events since `after`. */
  attach(sink: EventSink, after: number): void {
    clearTimeout(this.#abandonment);
    this.#options.onAttached();
    const before = this.#sink;
    // First the new one, because a stream whose current response ends has lost its reader.
    this.#sink = sink;
    before?.end();
    for (const { number, text } of this.#events) if (number > after) void sink.write(text);
    if (this.#hasEnded) sink.end();
  }

  /** Reports that a response has closed. `isComplete` is true if the client has read all of it. */
  detach(sink: EventSink, isComplete: boolean): void {
    if (sink !== this.#sink) return;
    this.#sink = undefined;
    if (this.#hasEnded && isComplete) {
      this.#done();
      return;
    }
    this.#abandonment = setTimeout(() => this.abandon(), maxDetachedMs);
    unref(this.#abandonment);
    this.#options.onDetached();
  }

  /** Aborts the request of a reader that does not return. */
  abandon(): void {
    clearTimeout(this.#abandonment);
    this.#options.onAbandoned();
    this.#done();
  }

  #keep(event: KeptEvent): void {
    this.#events.push(event);
    this.#length += event.text.length;
    let fits = this.#options.keep(event.text.length);
    while (this.#events.length > 0) {
      const isShort = this.#events.length <= maxKeptEvents && this.#length <= maxStreamLength;
      if (fits && isShort) return;
      const { text } = this.#events.shift() as KeptEvent;
      this.#length -= text.length;
      fits = this.#options.keep(-text.length);
    }
  }

  #done(): void {
    this.#hasEnded = true;
    for (const { text } of this.#events.splice(0)) this.#options.keep(-text.length);
    this.#options.onDone();
  }
}

/** Lets a Node process end while the timer runs. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  (timer as Partial<NodeJS.Timeout>).unref?.();
}
