/**
 * Streams that a client resumes at a replica other than the one that runs its call. The replica with
 * the client asks for the stream over the event bus, and the other one sends its events there.
 *
 * @spec 2025-11-25/basic/transports#resumability-and-redelivery
 */
import type { JSONObject } from "../protocol/json.ts";
import { randomId } from "../server/random-id.ts";
import { within } from "../time/within.ts";
import type { EventSink, LegacyExchange } from "../transport/http/legacy-hook.ts";
import type { Channel } from "./channel.ts";
import { type ResumableStream, type ResumableStreams, unref } from "./resumable-stream.ts";

/** Maximum number of streams of other replicas that clients read here, and the reverse. */
const maxRemote = 1000;
/** Maximum time for a replica to find a stream, in milliseconds. */
const findMs = 3000;
/** Interval in which a replica confirms that its client still reads, in milliseconds. */
const aliveMs = 10_000;
/** Time without a confirmation after which the client counts as gone, in milliseconds. */
const maxSilentMs = 30_000;

/** A client here that reads the stream of another replica. */
interface Reading {
  /** Opens the response, once the other replica has the stream. */
  readonly open: () => void;
  sink: EventSink | undefined;
}

/** A stream here that a client of another replica reads. */
interface Sending {
  readonly stream: ResumableStream;
  readonly sink: EventSink;
  silence: ReturnType<typeof setTimeout> | undefined;
}

export class RemoteStreams {
  readonly #channel: Channel;
  readonly #streams: ResumableStreams;
  readonly #reading = new Map<string, Reading>();
  readonly #sending = new Map<string, Sending>();

  constructor(channel: Channel, streams: ResumableStreams) {
    this.#channel = channel;
    this.#streams = streams;
    channel.on("resume", (message) => this.#send(message));
    channel.on("resume-found", ({ to }) => this.#reading.get(String(to))?.open());
    channel.on("resume-text", ({ to, text }) => {
      void this.#reading.get(String(to))?.sink?.write(String(text));
    });
    channel.on("resume-end", ({ to }) => this.#reading.get(String(to))?.sink?.end());
    channel.on("resume-alive", ({ to }) => this.#expectAlive(String(to)));
    channel.on("resume-closed", ({ to, isComplete }) => this.#detach(String(to), isComplete));
    channel.onGap(() => this.#closeAll());
  }

  /**
   * Continues a stream of another replica on a response. Resolves to false when no replica has it for
   * this owner, or lacks events since.
   */
  async resume(lastEventId: string, owner: string, exchange: LegacyExchange): Promise<boolean> {
    if (this.#streams.isOwn(lastEventId) || this.#reading.size >= maxRemote) return false;
    const to = randomId(9);
    try {
      await within({ ms: findMs, tooLate: () => new Error(lastEventId) }, async () => {
        const opened = new Promise<void>((resolve) => {
          const open = () => resolve(this.#open(to, exchange));
          this.#reading.set(to, { open, sink: undefined });
        });
        await this.#channel.send("resume", { to, lastEventId, owner });
        return opened;
      });
      return true;
    } catch {
      this.#reading.delete(to);
      return false;
    }
  }

  #open(to: string, exchange: LegacyExchange): void {
    const reading = this.#reading.get(to);
    if (reading === undefined || reading.sink !== undefined) return;
    const alive = setInterval(() => void this.#channel.send("resume-alive", { to }), aliveMs);
    unref(alive);
    reading.sink = exchange.stream((isComplete) => {
      clearInterval(alive);
      this.#reading.delete(to);
      void this.#channel.send("resume-closed", { to, isComplete });
    });
  }

  /** Sends the events of a stream to the replica with its client. */
  #send({ to, lastEventId, owner }: JSONObject): void {
    const found = this.#streams.find(String(lastEventId), String(owner));
    if (typeof to !== "string" || found === undefined || this.#sending.size >= maxRemote) return;
    const { stream, after } = found;
    const sink: EventSink = {
      write: (text) => this.#channel.send("resume-text", { to, text }),
      end: () => void this.#channel.send("resume-end", { to }),
    };
    this.#sending.set(to, { stream, sink, silence: undefined });
    this.#expectAlive(to);
    void this.#channel.send("resume-found", { to });
    stream.attach(sink, after);
  }

  #expectAlive(to: string): void {
    const sending = this.#sending.get(to);
    if (sending === undefined) return;
    clearTimeout(sending.silence);
    sending.silence = setTimeout(() => this.#detach(to, false), maxSilentMs);
    unref(sending.silence);
  }

  #detach(to: string, isComplete: unknown): void {
    const sending = this.#sending.get(to);
    if (sending === undefined) return;
    clearTimeout(sending.silence);
    this.#sending.delete(to);
    sending.stream.detach(sending.sink, isComplete === true);
  }

  /** Ends all responses, because events may be lost. The clients resume after the last one they have. */
  #closeAll(): void {
    for (const { sink } of [...this.#reading.values()]) sink?.end();
    for (const to of [...this.#sending.keys()]) this.#detach(to, false);
  }
}
