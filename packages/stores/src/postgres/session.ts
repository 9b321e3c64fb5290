/**
 * The long-lived connection of a process. It listens for notifications, and holds an advisory lock
 * that shows other processes that this one is alive. Reconnects automatically and then has a new
 * number.
 */
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "lutra/internal";
import { StoreUnavailableError } from "lutra/stores";
import pg from "pg";
import {
  clientOptions,
  codeOf,
  isSQLState,
  settingsStatement,
  statementLimit,
  toStoreError,
} from "./connection.ts";
import type { Namespace } from "./namespace.ts";

/** Interval between checks of an idle connection, in milliseconds. */
const checkEveryMs = 2000;
/** Pauses between attempts to reconnect, in milliseconds. */
const reconnectPace = { baseMs: 100, maxMs: 2000 } as const;
/** Maximum time that a call waits for a reconnection, in milliseconds. */
const patienceMs = 2000;

/**
 * Settings that let the server drop an unreachable client, and its locks, after about 10 seconds.
 * Over a local socket, the operating system reports the end of the client at once. Postgres 13 and
 * earlier have no `idle_session_timeout`, which would end the session.
 */
const settings = settingsStatement({
  ...statementLimit,
  tcp_keepalives_idle: 4,
  tcp_keepalives_interval: 2,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 10_000,
  idle_session_timeout: 0,
});

export interface SessionListener {
  /** Called with the number of each new connection. No number is used twice. */
  readonly onBegin?: (session: number) => void;
  /** Called when the connection is lost. Other processes may then take the tasks of this one. */
  readonly onLost?: () => void;
  readonly onNotification?: (channel: string, payload: string) => void;
}

interface Live {
  readonly client: pg.Client;
  readonly id: number;
}

export class Session {
  readonly #url: string;
  readonly #namespace: Namespace;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<SessionListener>();
  readonly #closing = new AbortController();
  /** Settles when the previous statement has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #live: Live | undefined;
  #connecting: Promise<Live> | undefined;
  #check: ReturnType<typeof setInterval> | undefined;
  /** The reason for which the last attempt to connect failed. */
  #failure: unknown;

  constructor(url: string, namespace: Namespace, onError: (error: unknown) => void) {
    this.#url = url;
    this.#namespace = namespace;
    this.#onError = onError;
  }

  /** Adds a listener. Calls its `onBegin` at once while connected. Returns a function to remove it. */
  add(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    if (this.#live !== undefined) listener.onBegin?.(this.#live.id);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` when the connection is lost. Returns a function that removes it. */
  onLost(listener: () => void): () => void {
    return this.add({ onLost: listener });
  }

  /** Resolves to the number that identifies this process to others, once connected. */
  async id(): Promise<number> {
    return (await this.#connection()).id;
  }

  /** True while the connection with this number lasts. */
  isLive(session: number): boolean {
    return this.#live?.id === session;
  }

  /**
   * Runs a statement on this connection, after the previous ones. If the answer of the server is lost,
   * the session ends, because the statement may have taken effect.
   *
   * @param name The name under which the server keeps the plan. @default it makes a new plan
   */
  async query<Row extends object>(
    text: string,
    values: readonly unknown[] = [],
    name?: string,
  ): Promise<pg.QueryResult<Row>> {
    const { client } = await this.#connection();
    const statement = { text, values: [...values], ...(name !== undefined && { name }) };
    const result = this.#last.then(() => client.query<Row>(statement));
    this.#last = result.catch(() => {});
    try {
      return await result;
    } catch (error) {
      if (!isSQLState(codeOf(error))) this.#drop(client);
      throw toStoreError(error);
    }
  }

  async end(): Promise<void> {
    this.#closing.abort();
    const live = this.#live;
    this.#lose();
    await live?.client.end().catch(() => {});
  }

  #connection(): Promise<Live> {
    if (this.#live !== undefined) return Promise.resolve(this.#live);
    if (this.#closing.signal.aborted) return Promise.reject(closedError());
    this.#connecting ??= this.#reconnect();
    const late = delay(patienceMs, undefined, { ref: false }).then(() => {
      throw new StoreUnavailableError(
        "postgres",
        this.#failure ?? new Error("the connection is lost"),
      );
    });
    return Promise.race([this.#connecting, late]);
  }

  async #reconnect(): Promise<Live> {
    for (let attempt = 0; ; attempt += 1) {
      if (this.#closing.signal.aborted) throw closedError();
      try {
        return await this.#connect();
      } catch (error) {
        this.#failure = error;
        this.#onError(toStoreError(error));
      }
      const pauseMs = backoffMs(attempt, Math.random, reconnectPace);
      await delay(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
    }
  }

  async #connect(): Promise<Live> {
    const { schema, lockClass, eventsChannel, tasksChannel } = this.#namespace;
    const client = new pg.Client(clientOptions(this.#url));
    client.on("error", () => this.#lose(client));
    client.on("end", () => this.#lose(client));
    client.on("notification", ({ channel, payload = "" }) => {
      for (const listener of this.#listeners) listener.onNotification?.(channel, payload);
    });
    try {
      await client.connect();
      await client.query(settings);
      const { rows } = await client.query<{ readonly id: number }>(
        `SELECT nextval('${schema}sessions')::integer AS id`,
      );
      const id = rows[0]?.id ?? 0;
      await client.query("SELECT pg_advisory_lock($1, $2)", [lockClass, id]);
      await client.query(`LISTEN ${eventsChannel}; LISTEN ${tasksChannel}`);
      if (this.#closing.signal.aborted) throw closedError();
      this.#begin({ client, id });
      return { client, id };
    } catch (error) {
      client.end().catch(() => {});
      throw error;
    }
  }

  #begin(live: Live): void {
    this.#live = live;
    this.#connecting = undefined;
    this.#failure = undefined;
    this.#check = setInterval(() => {
      // A connection that does not answer in time is replaced.
      this.query("SELECT 1").catch(() => this.#drop(live.client));
    }, checkEveryMs).unref();
    for (const listener of [...this.#listeners]) listener.onBegin?.(live.id);
  }

  #drop(client: pg.Client): void {
    this.#lose(client);
    client.end().catch(() => {});
  }

  /** Reports a lost connection once, and reconnects unless the session has ended. */
  #lose(client: pg.Client | undefined = this.#live?.client): void {
    if (this.#live === undefined || this.#live.client !== client) return;
    this.#live = undefined;
    clearInterval(this.#check);
    for (const listener of [...this.#listeners]) listener.onLost?.();
    if (this.#closing.signal.aborted) return;
    this.#connecting = this.#reconnect();
    this.#connecting.catch(() => {});
  }
}

function closedError(): Error {
  return new StoreUnavailableError("postgres", new Error("the store is closed"));
}
