/** The pooled connections to Postgres after a time without calls. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Connection } from "../../packages/stores/src/postgres/connection.ts";
import { namespaceOf } from "../../packages/stores/src/postgres/namespace.ts";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

/** Starts a listener that forwards connections until it is told to leave new ones unanswered. */
async function startForwarder(port: number) {
  let isOpen = true;
  const sockets = new Set<{ destroy(): void }>();
  const listener = createServer((socket) => {
    sockets.add(socket.on("error", () => {}));
    if (!isOpen) return;
    const upstream = connect(port, "127.0.0.1");
    sockets.add(upstream.on("error", () => {}));
    socket.pipe(upstream).pipe(socket);
  });
  await once(listener.listen(0, "127.0.0.1"), "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    refuse: () => {
      isOpen = false;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

describe.skipIf(!hasPostgres)(`Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  it("answers after an idle time while no connection can be opened", async () => {
    const url = new URL(server.url);
    const forwarder = await startForwarder(Number(url.port));
    onTestFinished(forwarder.close);
    url.port = String(forwarder.port);
    const connection = new Connection(url.href, 5, namespaceOf(undefined));
    onTestFinished(() => connection.pool.end());
    connection.pool.options.idleTimeoutMillis = 20;

    // The first connections may be removed before the last one has answered.
    let removed = 0;
    const areRemoved = new Promise<void>((resolve) => {
      connection.pool.on("remove", () => {
        removed += 1;
        if (removed === 2) resolve();
      });
    });
    const three = [1, 2, 3].map(() => connection.rows("SELECT pg_sleep(0.1)", []));
    await Promise.all(three);
    await areRemoved;
    forwarder.refuse();

    expect(connection.pool.totalCount).toBe(1);
    expect(await connection.rows("SELECT 1 AS one", [])).toEqual([{ one: 1 }]);
  });
});
