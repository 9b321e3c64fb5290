/** Recognises connection poolers that do not keep sessions, such as PgBouncer in transaction mode. */
import type pg from "pg";
import { connectTo, describeFailure } from "./connection.ts";

/**
 * Throws for a pooler that runs the transactions of a client on different connections of the server.
 * There, `LISTEN` has no effect, and a session lock stays with a connection that others use.
 *
 * A direct connection is recognised by the process id that the server sent when it began. Behind a
 * pooler, a second client in a transaction keeps the connection that the first one would need.
 *
 * @throws {Error} with the remedy
 */
export async function requireSessions(url: string): Promise<void> {
  const clients: pg.Client[] = [];
  const open = async () => {
    const client = await connectTo(url);
    clients.push(client);
    return client;
  };
  try {
    const first = await open();
    const before = await backendOf(first);
    if (before === (first as { readonly processID?: unknown }).processID) return;
    const second = await open();
    await second.query("BEGIN");
    const isShared = (await backendOf(second)) === before || (await backendOf(first)) !== before;
    if (isShared) throw describeFailure(url, new Error(refusal));
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

const refusal =
  "this is a pooler in transaction mode, which does not keep sessions for LISTEN and locks; " +
  "connect directly, or to a pooler in session mode (PgBouncer: pool_mode = session)";

/** Returns the process of the server that runs the client's statements for now. */
async function backendOf(client: pg.Client): Promise<unknown> {
  const { rows } = await client.query<{ readonly pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid;
}
