/**
 * The lease of a process. While the process renews it, the tasks that it runs are its own; after
 * that, other processes may take them.
 */
import { ClockJumps } from "./clock-jumps.ts";
import type { Database } from "./database.ts";
import { hasDied, ownIdentity, type ProcessIdentity } from "./process-identity.ts";
import * as rows from "./task-rows.ts";

/** Interval between renewals, in milliseconds. */
const renewEveryMs = 2000;
/** Maximum time between renewals in a process that is not paused, in milliseconds. */
const maxRenewalGapMs = 2 * renewEveryMs;
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
  readonly #jumps: ClockJumps;
  #renewedAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#jumps = new ClockJumps({ now: options.now, maxGapMs: maxRenewalGapMs });
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

  /**
   * Releases the tasks of dead processes, and those whose due time lies in the future because the
   * clock was set back. Resolves to true if tasks may be due.
   */
  async releaseDead(): Promise<boolean> {
    const { database } = this.#options;
    const own = await this.id();
    const hasMoved = this.#jumps.check() && (await this.#moveDueTimes()) > 0;
    return (await this.#release(own, database)) || hasMoved;
  }

  /** Sets all waiting tasks due. Those that sleep continue to sleep. */
  #moveDueTimes(): Promise<number> {
    const { database, now } = this.#options;
    return database.run((connection) => connection.changes(rows.moveDueTimes, now()));
  }

  async #release(own: number, database: Database): Promise<boolean> {
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
      if (renewed === 0) {
        if (this.#number === id) this.#lose();
        return;
      }
      // What delayed this renewal, such as a locked file, may delay those of others as well.
      if (renewedAt - this.#renewedAt > maxRenewalGapMs) this.#jumps.restart();
      this.#renewedAt = renewedAt;
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
    // After a jump of the clock, or a pause, others need some time to renew their sessions as well.
    const time = now();
    const isAwake = time - this.#renewedAt < maxRenewalGapMs;
    const isSteady = isAwake && this.#jumps.isSteadyFor(leaseMs);
    const sessions = await database.run((connection) =>
      connection.rows<SessionRow>(
        "SELECT id, place, pid, started, renewed_at AS renewedAt FROM sessions WHERE id <> ?1",
        own,
      ),
    );
    // A session of a living process is never renewed in the future.
    const isExpired = ({ renewedAt }: SessionRow) =>
      isSteady && Math.abs(time - renewedAt) > leaseMs;
    return sessions.filter((session) => hasDied(session, this.#identity) || isExpired(session));
  }

  #releaseOrphans(connection: Database, lostAttempts: 0 | 1): number {
    return connection.changes(rows.releaseOrphans, this.#options.now(), lostAttempts);
  }
}
