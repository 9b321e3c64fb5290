/** One connection to a SQLite file: statements, transactions, and waiting for other writers. */
import { setTimeout as delay } from "node:timers/promises";
import Libsql from "libsql";
import { StoreUnavailableError } from "lutra/stores";

/** What SQLite keeps in a column. */
export type Column = string | number | null;

/** The longest that a statement blocks this process for another writer, in milliseconds. */
const blockMs = 50;
/** How long a call waits for other writers altogether, in milliseconds. */
const patienceMs = 2000;

/** What a store can do nothing about, and what may pass. */
const unavailable =
  /^SQLITE_(?:BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOMEM|PROTOCOL|NOTADB|CORRUPT)/;

/** What waits for the next commit. */
interface Write {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export class Database {
  readonly #path: string;
  readonly #isDurable: boolean;
  #connection: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement>();
  #writes: Write[] = [];
  #isOpen = true;

  /**
   * Opens or makes a file.
   *
   * @param isDurable whether a commit waits for the disk, and so survives a loss of power; every
   *   commit survives the death of a process
   */
  constructor(path: string, isDurable: boolean) {
    this.#path = path;
    this.#isDurable = isDurable;
    this.#connection = this.#connect();
  }

  /** Runs `work`, again and again while another process writes. */
  async run<T>(work: (database: this) => T): Promise<T> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      if (!this.#isOpen) throw new StoreUnavailableError("sqlite", new Error("it is closed"));
      try {
        return work(this);
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw toStoreError(error);
        if (codeOf(error) === "SQLITE_BUSY_SNAPSHOT") this.#reconnect();
        await delay(5 + 20 * Math.random());
      }
    }
  }

  /**
   * As `run`, in one commit with all that is written in the same turn of the event loop, so that
   * they wait for the disk once. What `work` throws undoes its last statement and nothing of the
   * others, so it must be one statement.
   */
  write<T>(work: (database: this) => T): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      this.#writes.push({ work: () => work(this), resolve, reject });
      if (this.#writes.length === 1) setImmediate(() => void this.#commit());
    }) as Promise<T>;
  }

  /** Nobody hears that something is written before the commit. */
  async #commit(): Promise<void> {
    const writes = this.#writes;
    this.#writes = [];
    try {
      const settlements = await this.run(() =>
        this.transaction(() => writes.map((write) => this.#attempt(write))),
      );
      for (const settle of settlements) settle();
    } catch (error) {
      for (const { reject } of writes) reject(error);
    }
  }

  /** What is to be said of one of the writes, unless it is the end of them all. */
  #attempt({ work, resolve, reject }: Write): () => void {
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return () => reject(error);
    }
  }

  /** The rows that a statement gives. Without rows it has run all the same. */
  rows<Row>(sql: string, ...values: readonly Column[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** How many rows a statement changed. */
  changes(sql: string, ...values: readonly Column[]): number {
    return this.#prepare(sql).run(...values).changes;
  }

  /** Runs statements that have no parameters. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** Does all of `work` or nothing, with nobody else writing meanwhile. */
  transaction<T>(work: () => T): T {
    this.#connection.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#connection.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#isOpen = false;
    this.#statements.clear();
    this.#connection.close();
  }

  #connect(): Libsql.Database {
    const connection = new Libsql(this.#path);
    connection.exec(`PRAGMA busy_timeout = ${blockMs}`);
    connection.exec(`PRAGMA synchronous = ${this.#isDurable ? "FULL" : "NORMAL"}`);
    return connection;
  }

  /**
   * A read that was broken off can leave its snapshot open. From the next write of another process
   * on, this connection could then write nothing any more, however long it waited.
   */
  #reconnect(): void {
    this.#statements.clear();
    this.#connection.close();
    this.#connection = this.#connect();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  #prepare(sql: string): Libsql.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** True for a row that exists already. */
export function isDuplicate(error: unknown): boolean {
  return codeOf(error).startsWith("SQLITE_CONSTRAINT");
}

function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error));
}

function toStoreError(error: unknown): unknown {
  return unavailable.test(codeOf(error)) ? new StoreUnavailableError("sqlite", error) : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
