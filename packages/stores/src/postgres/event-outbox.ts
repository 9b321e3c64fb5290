/** Sends messages by `NOTIFY`, in order and in batches. */
import type { Connection } from "./connection.ts";
import type { Session } from "./session.ts";

/** Maximum size of a payload, slightly below the limit of Postgres, in bytes. */
const maxPayloadBytes = 7900;
/** Time for which events above that size are stored. */
const keptFor = "1 minute";
const sweepEvery = 50;
/** Maximum number of messages in one statement. */
const maxBatch = 200;

/** Prefixes of payloads: a message, or the number of the row with a large message. */
const direct = "=";
export const byReference = "@";

interface Outgoing {
  readonly message: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class EventOutbox {
  readonly #connection: Connection;
  readonly #session: Session;
  readonly #onError: (error: unknown) => void;
  readonly #outgoing: Outgoing[] = [];
  #isSending = false;
  #large = 0;

  constructor(connection: Connection, session: Session, onError: (error: unknown) => void) {
    this.#connection = connection;
    this.#session = session;
    this.#onError = onError;
  }

  /** Sends a message. Messages that arrive during a statement share the next one. */
  send(message: string): Promise<void> {
    const sent = new Promise<void>((resolve, reject) => {
      this.#outgoing.push({ message, resolve, reject });
    });
    if (!this.#isSending) void this.#sendAll();
    return sent;
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    while (this.#outgoing.length > 0) {
      const first = isLarge(this.#outgoing[0]);
      const batch = this.#outgoing.splice(0, first ? 1 : smallOnes(this.#outgoing));
      const messages = batch.map(({ message }) => message);
      try {
        await (first ? this.#sendLarge(messages[0] ?? "") : this.#sendSmall(messages));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isSending = false;
  }

  async #sendSmall(messages: readonly string[]): Promise<void> {
    const { eventsChannel } = this.#connection.namespace;
    const sql = `SELECT pg_notify('${eventsChannel}', payload) FROM unnest($1::text[]) payload`;
    await this.#session.query(sql, [messages.map((message) => direct + message)]);
  }

  async #sendLarge(message: string): Promise<void> {
    const { schema, eventsChannel } = this.#connection.namespace;
    this.#large += 1;
    if (this.#large % sweepEvery === 0) this.#sweep();
    await this.#session.query(
      `WITH kept AS (INSERT INTO ${schema}events (message) VALUES ($1) RETURNING id)
       SELECT pg_notify('${eventsChannel}', '${byReference}' || id) FROM kept`,
      [message],
    );
  }

  #sweep(): void {
    const { schema } = this.#connection;
    const sql = `DELETE FROM ${schema}events WHERE published_at < now() - interval '${keptFor}'`;
    this.#connection.count(sql, []).catch(this.#onError);
  }
}

function isLarge(outgoing: { readonly message: string } | undefined): boolean {
  return Buffer.byteLength(outgoing?.message ?? "") > maxPayloadBytes;
}

/** Returns the number of small messages at the start of the queue. */
function smallOnes(outgoing: readonly Outgoing[]): number {
  const end = outgoing.slice(0, maxBatch).findIndex(isLarge);
  return end < 0 ? Math.min(outgoing.length, maxBatch) : end;
}
