/** Queries that show how a fleet uses its database and its Redis. */
import { Redis } from "ioredis";
import pg from "pg";

/** Returns the number of rows of a table. */
export async function rowsOf(database: string, table: string): Promise<number> {
  const client = new pg.Client(database);
  await client.connect();
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${table}`);
  await client.end();
  return rows[0].n;
}

/** Returns the number of connections that subscribe to events: one per replica. */
export async function listenersAt(url: string): Promise<unknown> {
  const client = new Redis(url);
  const [, listeners] = await client.pubsub("NUMSUB", "lutra:events");
  client.disconnect();
  return listeners;
}
