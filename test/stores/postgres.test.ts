/** The stores in Postgres keep their contracts. */

import { openPostgres } from "@lutra/stores/postgres";
import {
  eventBusContract,
  handleStoreContract,
  replayGuardContract,
  taskStoreContract,
} from "lutra/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const errors: unknown[] = [];

describe.skipIf(!hasPostgres)(`Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  const open = () =>
    openPostgres(server.url, {
      maxConnections: 5,
      retryPauseMs: () => 50,
      onError: (error) => errors.push(error),
    });
  const pair = () => Promise.all([open(), open()]);

  describe("tasks", () => {
    const contract = taskStoreContract(async () => {
      const [one, other] = await pair();
      return [
        { ...one.tasks, close: one.close },
        { ...other.tasks, close: other.close },
      ];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("handles", () => {
    const contract = handleStoreContract(async () => {
      const [one, other] = await pair();
      return [
        { ...one.handles, close: one.close },
        { ...other.handles, close: other.close },
      ];
    });
    for (const { name, run } of contract) it(name, run);
  });

  describe("claims", () => {
    const stores: Promise<Awaited<ReturnType<typeof pair>>>[] = [];
    const contract = replayGuardContract(async () => {
      stores[0] ??= pair();
      const [one, other] = await stores[0];
      return [one.replayGuard, other.replayGuard];
    });
    for (const { name, run } of contract) it(name, run);
    afterAll(async () => {
      for (const store of (await stores[0]) ?? []) await store.close();
    });
  });

  describe("events", () => {
    const contract = eventBusContract(async () => {
      const [one, other] = await pair();
      return {
        one: one.events,
        other: other.events,
        close: async () => {
          await Promise.all([one.close(), other.close()]);
        },
      };
    });
    for (const { name, run } of contract) it(name, run);
  });
});
