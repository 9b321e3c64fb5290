/** What a database and a Redis say about those who use them. */
import { Redis } from "ioredis";
import pg from "pg";

/** How many rows a table has. */
export async function rowsOf(database: string, table: string): Promise<number> {
  const client = new pg.Client(database);
  await client.connect();
  const { rows } = await client.query(`SELECT count(*)::int AS n FROM ${table}`);
  await client.end();
  return rows[0].n;
}

/** How many connections listen for events: one of each replica. */
export async function listenersAt(url: string): Promise<unknown> {
  const client = new Redis(url);
  const [, listeners] = await client.pubsub("NUMSUB", "lutra:events");
  client.disconnect();
  return listeners;
}
