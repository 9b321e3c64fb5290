/** Connections to Postgres, and the classification of their errors. */
import { StoreUnavailableError } from "lutra/stores";
import pg from "pg";
import { networkFailure } from "../network-failure.ts";
import type { SqlEngine, SqlValue } from "../sql/engine.ts";
import type { Namespace } from "./namespace.ts";

/** Maximum time that a call waits for a connection, and then for its result, in milliseconds. */
const patienceMs = 2000;

/**
 * The pool keeps one connection, and others for a minute after their last use. A call after an idle
 * time then does not depend on a name server, which may take longer than a call waits.
 */
const kept = { min: 1, idleTimeoutMillis: 60_000 } as const;

/** SQLSTATE classes and codes of a server that is temporarily unavailable. */
const unavailableStates = /^(?:08|53|57P0[1-5]|57014|25006|55P03|40001|40P01|XX000)/;
/** Errors of the network and of the driver. */
const unavailableErrors =
  /ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT|terminated|timeout|not queryable|has encountered a connection error|was closed|Cannot use a pool after/i;

/** The settings that limit the work of the server for one statement. */
export const statementLimit: { readonly statement_timeout: number } = {
  statement_timeout: patienceMs,
};

/** Returns the options of a connection. They have no startup parameter that poolers refuse. */
export function clientOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "lutra",
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 2000,
  };
}

/** Returns the statement that changes settings of a connection. Skips those unknown to the server. */
export function settingsStatement(settings: { readonly [name: string]: number }): string {
  const values = Object.entries(settings).map(([name, value]) => `('${name}', '${value}')`);
  return `SELECT set_config(name, wanted.value, false)
    FROM (VALUES ${values.join(", ")}) AS wanted (name, value)
    JOIN pg_catalog.pg_settings USING (name)`;
}

/**
 * Opens one connection.
 *
 * @throws {Error} with the reason for which it can't be opened
 */
export async function connectTo(
  url: string,
  options: pg.ClientConfig = clientOptions(url),
): Promise<pg.Client> {
  const client = new pg.Client(options);
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw describeFailure(url, error);
  }
}

/** The parts of statements that differ from those of other engines, except for the schema. */
export const dialect = {
  skipLocked: "FOR UPDATE SKIP LOCKED",
  present: (parameter: string): string =>
    `coalesce(CAST(${parameter} AS bigint), CAST(extract(epoch FROM now()) * 1000 AS bigint))`,
} as const;

/** Runs statements on a pool. Rejects with a `StoreUnavailableError` during an outage. */
export class Connection implements SqlEngine {
  readonly name = "postgres";
  readonly schema: string;
  readonly skipLocked: string = dialect.skipLocked;
  readonly present: SqlEngine["present"] = dialect.present;
  readonly pool: pg.Pool;
  readonly url: string;
  readonly namespace: Namespace;
  /** The names of prepared statements by text. */
  readonly #names = new Map<string, string>();

  constructor(url: string, maxConnections: number, namespace: Namespace) {
    this.url = url;
    this.namespace = namespace;
    this.schema = namespace.schema;
    const limit = settingsStatement(statementLimit);
    this.pool = new pg.Pool({
      ...clientOptions(url),
      max: maxConnections,
      ...kept,
      // The pool waits for the returned promise.
      onConnect: (client) => client.query(limit),
    });
    // The pool replaces idle connections that break.
    this.pool.on("error", () => {});
    this.pool.on("connect", (client) => client.on("error", () => {}));
  }

  async rows<Row extends object>(text: string, values: readonly SqlValue[]): Promise<Row[]> {
    return (await this.#query<Row>(text, values)).rows;
  }

  /** Runs a statement. Resolves to the number of rows that it changed or returned. */
  async count(text: string, values: readonly SqlValue[]): Promise<number> {
    return (await this.#query(text, values)).rowCount ?? 0;
  }

  isDuplicate(error: unknown): boolean {
    return codeOf(error) === "23505";
  }

  /** Postgres refuses text with NUL characters. Ids that clients choose may contain them. */
  canBeName(text: string): boolean {
    return !text.includes("\0");
  }

  /** Returns a statement's name. Names are never removed, because all statements are constants. */
  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? `lutra_${this.#names.size + 1}`;
    this.#names.set(text, name);
    return name;
  }

  async #query<Row extends object>(
    text: string,
    values: readonly SqlValue[],
  ): Promise<pg.QueryResult<Row>> {
    try {
      return await this.pool.query<Row>({ name: this.#nameOf(text), text, values: [...values] });
    } catch (error) {
      throw toStoreError(error);
    }
  }
}

export function toStoreError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  const isUnavailable = isSQLState(code)
    ? unavailableStates.test(code)
    : unavailableErrors.test(`${code} ${error.message}`);
  return isUnavailable ? new StoreUnavailableError("postgres", error) : error;
}

/** Returns an error with the reason why a store can't be opened, without the password. */
export function describeFailure(url: string, error: unknown): Error {
  const { hostname, port, pathname, username } = new URL(url);
  const place = `postgres at ${hostname || "the local socket"}:${port || 5432}`;
  const reason = error instanceof AggregateError ? error.errors[0] : error;
  const code = codeOf(reason);
  const said = reason instanceof Error ? reason.message : String(reason);
  const known: { readonly [code: string]: string } = {
    "28P01": `refused the password of ${decodeURIComponent(username) || "the user"}`,
    "28000": `refused the user ${decodeURIComponent(username)}`,
    "3D000": `has no database ${decodeURIComponent(pathname.slice(1))}`,
  };
  return new Error(`${place} ${known[code] ?? networkFailure(reason) ?? `failed: ${said}`}`, {
    cause: error,
  });
}

/**
 * True for the code of an error that the server has reported, so that its statement had no effect. Unlike
 * `EPIPE`, it contains a digit.
 */
export function isSQLState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

/** The SQLSTATE of an error, or the code of a network error; empty without one. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
