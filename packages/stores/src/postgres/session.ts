/**
 * The one connection of a process that lasts: it listens for events, and holds the lock by which
 * others see that the process lives. It comes back by itself, under a new number.
 */
import { setTimeout as delay } from "node:timers/promises";
import { StoreUnavailableError } from "lutra/stores";
import pg from "pg";
import { clientOptions, toStoreError } from "./connection.ts";
import { lockClass } from "./migrations.ts";

/** How often the connection is tried, in milliseconds, where nothing else uses it. */
const beatEveryMs = 2000;
const firstPauseMs = 100;
const longestPauseMs = 2000;
/** How long a call waits for the connection to come back, in milliseconds. */
const patienceMs = 2000;

/**
 * A client that vanished without a word is dropped by the server after some 10 seconds, and its
 * locks with it. Over a socket of the same machine the system says so at once.
 */
const vigilance = `
  SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 10000; SET idle_session_timeout = 0`;

export interface SessionListener {
  /** The connection is there, under a number that it never had. */
  readonly onBegin?: (session: number) => void;
  /** It is gone: others may take what the process ran or held. */
  readonly onLost?: () => void;
  readonly onNotification?: (channel: string, payload: string) => void;
}

interface Live {
  readonly client: pg.Client;
  readonly id: number;
}

export class Session {
  readonly #url: string;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<SessionListener>();
  readonly #closing = new AbortController();
  /** Settles when the statement before has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #live: Live | undefined;
  #coming: Promise<Live> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, onError: (error: unknown) => void) {
    this.#url = url;
    this.#onError = onError;
  }

  /** Hears of the connection from now on; at once, where it is there. */
  add(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    if (this.#live !== undefined) listener.onBegin?.(this.#live.id);
    return () => this.#listeners.delete(listener);
  }

  /** The number under which others see that this process lives. */
  async id(): Promise<number> {
    return (await this.#wait()).id;
  }

  /** The same, where the connection is there. */
  get number(): number | undefined {
    return this.#live?.id;
  }

  /** Whether the connection is still the one that had this number. */
  isLive(session: number): boolean {
    return this.#live?.id === session;
  }

  /** Runs a statement on this connection, after those that were given before. */
  async query(text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    const { client } = this.#live ?? (await this.#wait());
    const result = this.#last.then(() => client.query(text, values));
    this.#last = result.catch(() => {});
    try {
      return await result;
    } catch (error) {
      throw toStoreError(error);
    }
  }

  /** Resolves when the connection is there for the first time. */
  async begin(): Promise<void> {
    await this.#wait();
  }

  async end(): Promise<void> {
    this.#closing.abort();
    const live = this.#live;
    this.#lose();
    await live?.client.end().catch(() => {});
  }

  #wait(): Promise<Live> {
    if (this.#live !== undefined) return Promise.resolve(this.#live);
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    this.#coming ??= this.#reconnect();
    const late = delay(patienceMs, undefined, { ref: false }).then(() => {
      throw new StoreUnavailableError("postgres", new Error("the connection is gone"));
    });
    return Promise.race([this.#coming, late]);
  }

  async #reconnect(): Promise<Live> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, 2 * pauseMs)) {
      if (this.#closing.signal.aborted) throw closed();
      try {
        return await this.#connect();
      } catch (error) {
        this.#onError(toStoreError(error));
      }
      await delay(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
    }
  }

  async #connect(): Promise<Live> {
    const client = new pg.Client(clientOptions(this.#url));
    client.on("error", () => this.#lose(client));
    client.on("end", () => this.#lose(client));
    client.on("notification", ({ channel, payload = "" }) => {
      for (const listener of this.#listeners) listener.onNotification?.(channel, payload);
    });
    try {
      await client.connect();
      await client.query(vigilance);
      const { rows } = await client.query<{ readonly id: number }>(
        "SELECT nextval('lutra.sessions')::integer AS id",
      );
      const id = rows[0]?.id ?? 0;
      await client.query("SELECT pg_advisory_lock($1, $2)", [lockClass, id]);
      await client.query("LISTEN lutra_events");
      if (this.#closing.signal.aborted) throw closed();
      this.#arrive({ client, id });
      return { client, id };
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  #arrive(live: Live): void {
    this.#live = live;
    this.#coming = undefined;
    this.#beat = setInterval(() => {
      // A connection that does not answer in time is of no use.
      this.query("SELECT 1").catch(() => this.#drop(live.client));
    }, beatEveryMs).unref();
    for (const listener of [...this.#listeners]) listener.onBegin?.(live.id);
  }

  #drop(client: pg.Client): void {
    this.#lose(client);
    client.end().catch(() => {});
  }

  /** Notes that the connection is gone, once, and makes another. */
  #lose(client: pg.Client | undefined = this.#live?.client): void {
    if (this.#live === undefined || this.#live.client !== client) return;
    this.#live = undefined;
    clearInterval(this.#beat);
    for (const listener of [...this.#listeners]) listener.onLost?.();
    if (this.#closing.signal.aborted) return;
    this.#coming = this.#reconnect();
    this.#coming.catch(() => {});
  }
}

function closed(): Error {
  return new StoreUnavailableError("postgres", new Error("it is closed"));
}
