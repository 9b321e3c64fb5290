/** One connection to a SQLite file: statements, transactions, and waiting for other writers. */
import { setTimeout as delay } from "node:timers/promises";
import Libsql from "libsql";
import { StoreUnavailableError } from "lutra/stores";
import type { SqlEngine, SqlValue } from "../sql/engine.ts";

/** The parts of statements that differ from those of other engines. */
export const dialect = {
  schema: "",
  skipLocked: "",
  present: (parameter: string): string => parameter,
} as const;

/**
 * Maximum time that a statement blocks this process for another writer, in milliseconds. Between two
 * tries, requests that need no store continue.
 */
const blockMs = 5;
/**
 * Maximum memory of the pages that a connection keeps, in KiB. Reads of many different tasks reuse this
 * memory. With more, each page is copied into memory that is not in the caches of the processor, which
 * takes longer than reading an evicted page again.
 */
const pageCacheKiB = 512;
/** Maximum total time that a call waits for other writers, in milliseconds. */
const patienceMs = 2000;

/** Errors of an unavailable file, which may be temporary. */
const unavailable =
  /^SQLITE_(?:BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOMEM|PROTOCOL|NOTADB|CORRUPT)/;

/** A write that waits for the next commit. */
interface Write {
  /** The time after which it no longer waits for other writers. */
  readonly giveUpAt: number;
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
  #isCommitting = false;
  #isOpen = true;

  /**
   * Opens or creates a file.
   *
   * @param isDurable true when commits wait for the disk, and so survive a loss of power. All commits
   *   survive the death of a process.
   */
  constructor(path: string, isDurable: boolean) {
    this.#path = path;
    this.#isDurable = isDurable;
    this.#connection = this.#connect(patienceMs);
  }

  /** Runs `work`. Retries while another process is writing. */
  async run<T>(work: (database: this) => T): Promise<T> {
    const giveUpAt = performance.now() + patienceMs;
    for (;;) {
      if (!this.#isOpen) throw closedError();
      try {
        return work(this);
      } catch (error) {
        if (!isBusy(error) || performance.now() > giveUpAt) throw toStoreError(error);
        await this.#waitForWriter(error);
      }
    }
  }

  async #waitForWriter(error: unknown): Promise<void> {
    if (codeOf(error) === "SQLITE_BUSY_SNAPSHOT") this.#reconnect();
    await delay(5 + 20 * Math.random());
  }

  /**
   * Runs `work` as `run` does, in one commit with the other writes of this turn of the event loop, so
   * that they wait for the disk once, and for other writers together. `work` must run a single
   * statement, because an error undoes only its last one.
   */
  write<T>(work: (database: this) => T): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      const giveUpAt = performance.now() + patienceMs;
      this.#writes.push({ giveUpAt, work: () => work(this), resolve, reject });
      if (this.#writes.length > 1 || this.#isCommitting) return;
      this.#isCommitting = true;
      setImmediate(() => void this.#commitAll());
    }) as Promise<T>;
  }

  /** Commits until no writes wait. Those that arrive meanwhile are in the next try. */
  async #commitAll(): Promise<void> {
    while (this.#writes.length > 0) {
      const writes = this.#writes;
      this.#writes = [];
      try {
        this.#commit(writes);
      } catch (error) {
        const now = performance.now();
        const isPatient = ({ giveUpAt }: Write) => isBusy(error) && now < giveUpAt;
        const waiting = writes.filter(isPatient);
        for (const write of writes) {
          if (!isPatient(write)) write.reject(toStoreError(error));
        }
        this.#writes.unshift(...waiting);
        if (waiting.length > 0) await this.#waitForWriter(error);
      }
    }
    this.#isCommitting = false;
  }

  /** Settles the promises of the writes after the commit. */
  #commit(writes: readonly Write[]): void {
    if (!this.#isOpen) throw closedError();
    const settlements = this.transaction(() => writes.map((write) => this.#attempt(write)));
    for (const settle of settlements) settle();
  }

  /** Runs a write. Returns a function that settles its promise; errors that affect all writes are thrown. */
  #attempt({ work, resolve, reject }: Write): () => void {
    try {
      const value = work();
      return () => resolve(value);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      return () => reject(error);
    }
  }

  /** Runs a statement and returns its rows. */
  rows<Row>(sql: string, ...values: readonly SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** Runs a statement and returns the number of changed rows. */
  changes(sql: string, ...values: readonly SqlValue[]): number {
    return this.#prepare(sql).run(...values).changes;
  }

  /** Runs statements without parameters. */
  exec(sql: string): void {
    this.#connection.exec(sql);
  }

  /** Runs `work` in a transaction with the write lock. An error undoes all of it. */
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

  /**
   * @param waitMs Maximum time that opening blocks for other processes, which may be creating the same
   *   file, in milliseconds
   */
  #connect(waitMs: number): Libsql.Database {
    const connection = new Libsql(this.#path);
    connection.exec(`PRAGMA busy_timeout = ${waitMs}`);
    connection.exec(`PRAGMA synchronous = ${this.#isDurable ? "FULL" : "NORMAL"}`);
    connection.exec(`PRAGMA cache_size = -${pageCacheKiB}`);
    connection.exec(`PRAGMA busy_timeout = ${blockMs}`);
    return connection;
  }

  /**
   * Replaces the connection. An interrupted read can leave its snapshot open; after the next write of
   * another process, the connection could then never write again.
   */
  #reconnect(): void {
    this.#statements.clear();
    this.#connection.close();
    this.#connection = this.#connect(blockMs);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  #prepare(sql: string): Libsql.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    // To SQLite, `$1` is a name, and `?1` a number.
    const statement = this.#connection.prepare(sql.replace(/\$(?=\d)/g, "?"));
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Runs statements on a durable connection. */
export function sqlEngine(database: Database): SqlEngine {
  return {
    ...dialect,
    name: "sqlite",
    rows: (sql, values) => database.run((connection) => connection.rows(sql, ...values)),
    count: (sql, values) => database.write((connection) => connection.changes(sql, ...values)),
    isDuplicate,
    canBeName: () => true,
  };
}

function closedError(): StoreUnavailableError {
  return new StoreUnavailableError("sqlite", new Error("the store is closed"));
}

function isDuplicate(error: unknown): boolean {
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
