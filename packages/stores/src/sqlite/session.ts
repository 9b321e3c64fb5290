/**
 * The lease of a process. While the process renews it, the tasks that it runs are its own; after
 * that, other processes may take them.
 */
import type { Database } from "./database.ts";
import { hasDied, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import * as rows from "./task-rows.ts";

/** Interval between renewals, in milliseconds. */
const renewEveryMs = 2000;
/** Duration of a lease after its last renewal, in milliseconds. Applies to other machines, too. */
const leaseMs = 10_000;

interface SessionRow extends ProcessIdentity {
  readonly id: number;
  readonly renewedAt: number;
}

export interface SessionOptions {
  readonly database: Database;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #identity = ownIdentity();
  readonly #lost = new Set<() => void>();
  #id: Promise<number> | undefined;
  /** The number of the current lease. */
  #number: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewedAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Resolves to the number of this session, which begins with the first call. */
  id(): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    const beginning = this.#begin();
    this.#id = beginning;
    beginning.catch(() => {
      if (this.#id === beginning) this.#id = undefined;
    });
    return beginning;
  }

  /** True while the session with this number has not been lost. */
  isLive(session: number): boolean {
    return this.#number === session;
  }

  /** Calls `listener` when other processes have ended this session. Returns a function to remove it. */
  onLost(listener: () => void): () => void {
    this.#lost.add(listener);
    return () => this.#lost.delete(listener);
  }

  /** Releases the tasks of dead processes. Resolves to true if there were any. */
  async releaseDead(): Promise<boolean> {
    const { database } = this.#options;
    const own = await this.id();
    const dead = await this.#findDead(own);
    return database.run((connection) => {
      const [orphans] = connection.rows<{ readonly found: number }>(rows.hasOrphans);
      if (dead.length === 0 && orphans?.found !== 1) return false;
      return connection.transaction(() => {
        for (const { id, renewedAt } of dead) {
          const sql = "DELETE FROM sessions WHERE id = ?1 AND renewed_at = ?2";
          connection.changes(sql, id, renewedAt);
        }
        return this.#releaseOrphans(connection, 1) > 0;
      });
    });
  }

  /** Ends the session, so that others take the tasks that this process still runs. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    const id = await this.#id;
    this.#id = undefined;
    this.#number = undefined;
    if (id === undefined) return;
    await this.#options.database.run((connection) =>
      connection.transaction(() => {
        connection.changes("DELETE FROM sessions WHERE id = ?1", id);
        this.#releaseOrphans(connection, 0);
      }),
    );
  }

  async #begin(): Promise<number> {
    const { database, now } = this.#options;
    const { place, pid, started } = this.#identity;
    const renewedAt = now();
    const [row] = await database.run((connection) =>
      connection.rows<{ readonly id: number }>(
        "INSERT INTO sessions (place, pid, started, renewed_at) VALUES (?1, ?2, ?3, ?4) RETURNING id",
        place,
        pid,
        started,
        renewedAt,
      ),
    );
    if (row === undefined) throw new Error("sqlite: expected the row that was inserted");
    this.#renewedAt = renewedAt;
    this.#number = row.id;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#renew(), renewEveryMs).unref();
    return row.id;
  }

  async #renew(): Promise<void> {
    const { database, now, onError } = this.#options;
    if (!database.isOpen || this.#id === undefined) return;
    try {
      const id = await this.#id;
      const renewedAt = now();
      const sql = "UPDATE sessions SET renewed_at = ?1 WHERE id = ?2";
      const renewed = await database.run((connection) => connection.changes(sql, renewedAt, id));
      if (renewed > 0) this.#renewedAt = renewedAt;
      else if (this.#number === id) this.#lose();
    } catch (error) {
      onError(error);
    }
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#id = undefined;
    this.#number = undefined;
    for (const listener of [...this.#lost]) listener();
  }

  async #findDead(own: number): Promise<readonly SessionRow[]> {
    const { database, now } = this.#options;
    // While this process was paused, others may have been as well, and could not renew theirs.
    const isAwake = now() - this.#renewedAt < 2 * renewEveryMs;
    const sessions = await database.run((connection) =>
      connection.rows<SessionRow>(
        "SELECT id, place, pid, started, renewed_at AS renewedAt FROM sessions WHERE id <> ?1",
        own,
      ),
    );
    const isExpired = ({ renewedAt }: SessionRow) => isAwake && renewedAt + leaseMs < now();
    return sessions.filter((session) => hasDied(session, this.#identity) || isExpired(session));
  }

  #releaseOrphans(connection: Database, lostAttempts: 0 | 1): number {
    return connection.changes(rows.releaseOrphans, this.#options.now(), lostAttempts);
  }
}
