/** The lease of one process: as long as it is renewed, what the process runs and holds is its own. */
import type { Database } from "./database.ts";
import { hasDied, ownIdentity, type ProcessIdentity } from "./process-identity.ts";

/** How often a lease is renewed, in milliseconds. */
const renewEveryMs = 2000;
/** How long one lasts that is not renewed, in milliseconds: for processes on other machines. */
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
  #timer: ReturnType<typeof setInterval> | undefined;
  #renewedAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The number of this session; it begins with the first call. */
  id(): Promise<number> {
    if (this.#id !== undefined) return this.#id;
    const beginning = this.#begin();
    this.#id = beginning;
    beginning.catch(() => {
      if (this.#id === beginning) this.#id = undefined;
    });
    return beginning;
  }

  /** Calls `listener` when others have taken this process for dead. */
  onLost(listener: () => void): () => void {
    this.#lost.add(listener);
    return () => this.#lost.delete(listener);
  }

  /** Gives what processes have left that died to those who live; true when there was any. */
  async reap(): Promise<boolean> {
    const { database, now } = this.#options;
    const own = await this.id();
    // After a pause of this process, nobody else's lease may have been renewed either.
    const isAwake = now() - this.#renewedAt < 2 * renewEveryMs;
    const sessions = await database.run((connection) =>
      connection.rows<SessionRow>(
        "SELECT id, place, pid, started, renewed_at AS renewedAt FROM sessions WHERE id <> ?1",
        own,
      ),
    );
    const dead = sessions.filter(
      (session) =>
        hasDied(session, this.#identity) || (isAwake && session.renewedAt + leaseMs < now()),
    );
    for (const { id, renewedAt } of dead) await this.#release(id, renewedAt);
    return dead.length > 0;
  }

  /** Ends the session: others take over what it runs and holds. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    const id = this.#id;
    this.#id = undefined;
    if (id !== undefined) await this.#release(await id);
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
    this.#renewedAt = renewedAt;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => void this.#renew(), renewEveryMs).unref();
    return (row as { readonly id: number }).id;
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
      else this.#lose();
    } catch (error) {
      onError(error);
    }
  }

  #lose(): void {
    clearInterval(this.#timer);
    this.#id = undefined;
    for (const listener of [...this.#lost]) listener();
  }

  /**
   * What the session ran or held becomes due, unless it was renewed after all. Those runs are lost
   * that the process has not given back itself.
   */
  #release(id: number, renewedAt?: number): Promise<void> {
    const { database, now } = this.#options;
    return database.run((connection) =>
      connection.transaction(() => {
        const gone = connection.changes(
          "DELETE FROM sessions WHERE id = ?1 AND renewed_at = coalesce(?2, renewed_at)",
          id,
          renewedAt ?? null,
        );
        if (gone === 0) return;
        const lostRuns = renewedAt === undefined ? "0" : "lost_runs + 1";
        const freed = `due_at = ?2, lost_runs = ${lostRuns}`;
        connection.changes(`UPDATE tasks SET runner = NULL, ${freed} WHERE runner = ?1`, id, now());
        connection.changes(
          `UPDATE tasks SET holder = NULL, duty = 'run', orders = orders + 1, ${freed}
           WHERE holder = ?1`,
          id,
          now(),
        );
      }),
    );
  }
}
