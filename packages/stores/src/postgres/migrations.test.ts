import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  hasPostgresBinaries,
  type PostgresServer,
  startPostgres,
} from "../../../../test/stores/postgres-server.ts";
import { connectTo, settingsStatement } from "./connection.ts";
import { migrate, migrations } from "./migrations.ts";
import { namespaceOf } from "./namespace.ts";

const { lockClass } = namespaceOf();

describe.skipIf(!hasPostgresBinaries)(
  "Postgres (needs Postgres: apt-get install postgresql)",
  () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres(true);
    }, 60_000);
    afterAll(() => server?.remove());

    async function connected(): Promise<pg.Client> {
      const client = await connectTo(server.url);
      onTestFinished(() => client.end());
      return client;
    }

    /** Holds the lock as earlier versions did. A pooler may keep it after they have ended. */
    async function holdLock(): Promise<pg.Client> {
      const client = await connected();
      await client.query("SET application_name = 'pooler'");
      await client.query("SELECT pg_advisory_lock($1, 0)", [lockClass]);
      return client;
    }

    describe("migrations", () => {
      it("fail with the process that holds their lock, and continue once it is released", async () => {
        const holder = await holdLock();
        const { rows } = await holder.query("SELECT pg_backend_pid() AS pid");
        const refused = migrate(server.url, { lockTries: 1 });
        await expect(refused).rejects.toThrow(
          `process ${rows[0].pid} (pooler) holds the lock for migrations; if it does not migrate, ` +
            `end it: SELECT pg_terminate_backend(${rows[0].pid})`,
        );
        await holder.query("SELECT pg_advisory_unlock_all()");
        await migrate(server.url, { lockTries: 1 });
        const found = await holder.query("SELECT version FROM lutra.schema_version");
        expect(found.rows).toEqual([{ version: migrations.length }]);
      });

      it("need no lock when there is nothing to change, and leave none", async () => {
        await migrate(server.url);
        const holder = await holdLock();
        await migrate(server.url, { lockTries: 1 });
        await holder.query("SELECT pg_advisory_unlock_all()");
        const { rows } = await holder.query("SELECT * FROM pg_locks WHERE locktype = 'advisory'");
        expect(rows).toEqual([]);
      });

      it("run once when replicas start together", async () => {
        const admin = await connected();
        await admin.query("DROP SCHEMA IF EXISTS lutra CASCADE");
        await Promise.all(Array.from({ length: 5 }, () => migrate(server.url)));
        const { rows } = await admin.query("SELECT version FROM lutra.schema_version");
        expect(rows).toEqual([{ version: migrations.length }]);
      });
    });

    describe("settings of a connection", () => {
      it("are applied, except for those that the server's version does not have", async () => {
        const client = await connected();
        await client.query(settingsStatement({ statement_timeout: 1234, no_such_timeout: 0 }));
        const { rows } = await client.query("SHOW statement_timeout");
        expect(rows).toEqual([{ statement_timeout: "1234ms" }]);
      });
    });
  },
);
