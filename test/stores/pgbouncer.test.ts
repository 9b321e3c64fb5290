/** The stores in Postgres behind a connection pooler. */
import { openPostgres } from "@lutra/stores/postgres";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { hasPgBouncer, startPgBouncer, withoutPgBouncer } from "./pgbouncer-server.ts";
import {
  hasPostgresBinaries,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const runs = hasPgBouncer && hasPostgresBinaries;
const needs = hasPostgresBinaries ? withoutPgBouncer : withoutPostgres;

describe.skipIf(!runs)(`Postgres behind PgBouncer (${needs})`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(true);
  }, 60_000);
  afterAll(() => server?.remove());

  async function pooled(mode: "session" | "transaction"): Promise<string> {
    const pooler = await startPgBouncer(server.url, mode);
    onTestFinished(pooler.remove);
    return pooler.url;
  }

  async function advisoryLocks(): Promise<number> {
    const client = new pg.Client(server.url);
    await client.connect();
    const { rows } = await client.query("SELECT * FROM pg_locks WHERE locktype = 'advisory'");
    await client.end();
    return rows.length;
  }

  it("works in session mode with the default settings of PgBouncer", async () => {
    const store = await openPostgres(await pooled("session"), { onError: () => {} });
    onTestFinished(store.close);
    expect(await store.replayGuard.claim("once", 60_000)).toBe(true);
    expect(await store.replayGuard.claim("once", 60_000)).toBe(false);
    const event = new Promise((resolve) => {
      store.events.subscribe("topic", resolve);
    });
    await store.events.publish("topic", { n: 1 });
    expect(await event).toEqual({ n: 1 });
  });

  it("refuses transaction mode with the remedy, and leaves no lock behind", async () => {
    const before = await advisoryLocks();
    const url = await pooled("transaction");
    const opened = openPostgres(url, { onError: () => {} });
    await expect(opened).rejects.toThrow(/pooler in transaction mode.*pool_mode = session/);
    expect(await advisoryLocks()).toBe(before);
    const direct = await openPostgres(server.url, { onError: () => {} });
    await direct.close();
  });
});
