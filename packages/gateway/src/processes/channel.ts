/**
 * The channel between the supervisor and one process, with typed messages. Messages that may be lost
 * are dropped while the other end does not read, so that the memory for them is bounded.
 */
import { isObject } from "lutra/protocol";
import type { Answer, MessageName, Value } from "./messages.ts";

/** One end of a channel, such as `process` or a `ChildProcess` of Node. */
export interface ChannelEnd {
  /** Absent on the `process` of a program that was not forked. */
  send?(
    message: unknown,
    handle: unknown,
    options: { readonly keepOpen?: boolean },
    sent: (error: Error | null) => void,
  ): unknown;
  on(event: "message", listener: (message: unknown, handle: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
  readonly connected?: boolean;
}

/** Serves messages of one name. The value that it returns is the answer. */
type Serve<Name extends MessageName> = (
  value: Value<Name>,
  handle: unknown,
) => Answer<Name> | Promise<Answer<Name>>;

/** A question without an answer yet. */
interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const messageType = "lutra.gateway";

/** Maximum size of the messages that wait for a reader and may be lost, in bytes. */
const maxWaitingBytes = 33_554_432;
/** Estimated size of a message without its content, in bytes. */
const messageBytes = 256;
/** Maximum number of questions without an answer. */
const maxPending = 10_000;

export class Channel {
  readonly #end: ChannelEnd;
  readonly #served = new Map<string, (value: never, handle: unknown) => unknown>();
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #waitingBytes = 0;

  constructor(end: ChannelEnd) {
    this.#end = end;
    end.on("message", (message, handle) => this.#receive(message, handle));
    end.on("disconnect", () => this.#rejectAll());
  }

  /** Serves the messages of a name from the other end. */
  on<Name extends MessageName>(name: Name, serve: Serve<Name>): void {
    this.#served.set(name, serve);
  }

  /** Sends a message, with a socket if there is one. Does nothing if the other end has closed. */
  tell<Name extends MessageName>(name: Name, value: Value<Name>, handle?: unknown): void {
    this.#send({ name, value }, handle);
  }

  /**
   * Sends a message that may be lost. Returns false, and drops it, while too much waits for the other
   * end.
   *
   * @param bytes The estimated size of the value
   */
  offer<Name extends MessageName>(name: Name, value: Value<Name>, bytes: number): boolean {
    const size = bytes + messageBytes;
    if (!this.#end.connected || this.#waitingBytes + size > maxWaitingBytes) return false;
    this.#waitingBytes += size;
    this.#send({ name, value }, undefined, () => {
      this.#waitingBytes -= size;
    });
    return true;
  }

  /** Sends a question. Rejects with the error of the other end, and when the channel closes. */
  ask<Name extends MessageName>(name: Name, value: Value<Name>): Promise<Answer<Name>> {
    if (!this.#end.connected) return Promise.reject(new ChannelClosedError());
    if (this.#pending.size >= maxPending) {
      return Promise.reject(new Error("too many questions wait for the other process"));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ name, value, id });
    });
  }

  /** Resolves once the operating system has all messages that were sent so far. */
  flushed(): Promise<void> {
    return new Promise((resolve) => this.#send({ name: "flush" }, undefined, () => resolve()));
  }

  #send(content: object, handle?: unknown, sent: () => void = () => {}): void {
    if (!this.#end.connected) {
      sent();
      return;
    }
    // The supervisor closes its own copy of a connection once the process has it.
    this.#end.send?.({ type: messageType, ...content }, handle, { keepOpen: true }, () => sent());
  }

  #receive(message: unknown, handle: unknown): void {
    if (!isObject(message) || message.type !== messageType) return;
    const { name, value, id, answers, error } = message;
    if (typeof answers === "number") this.#settle(answers, { value, error });
    else void this.#serve({ name, value, id }, handle);
  }

  async #serve(
    { name, value, id }: { readonly name: unknown; readonly value: unknown; readonly id: unknown },
    handle: unknown,
  ): Promise<void> {
    const serve = this.#served.get(String(name));
    if (typeof id !== "number") {
      serve?.(value as never, handle);
      return;
    }
    try {
      this.#send({ answers: id, value: await serve?.(value as never, handle) });
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      this.#send({ answers: id, error });
    }
  }

  #settle(
    id: number,
    { value, error }: { readonly value: unknown; readonly error: unknown },
  ): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (typeof error === "string") pending?.reject(new Error(error));
    else pending?.resolve(value as never);
  }

  #rejectAll(): void {
    for (const { reject } of this.#pending.values()) reject(new ChannelClosedError());
    this.#pending.clear();
  }
}

/** The other end of a channel has closed, mostly because its process has ended. */
export class ChannelClosedError extends Error {
  override readonly name: string = "ChannelClosedError";

  constructor() {
    super("the other process has ended");
  }
}
