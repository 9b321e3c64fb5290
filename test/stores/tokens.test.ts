/** The tokens of clients, over the stores of handles. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "@lutra/stores";
import { createSharedTokenStore } from "lutra/auth/client";
import { tokenStoreContract } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "./postgres-server.ts";

const keys = [btoa("0123456789abcdef0123456789abcdef")];

/** Returns the cases for two token stores over one database. */
function casesFor(open: () => Promise<Store>) {
  const opened: Promise<Store>[] = [];
  afterAll(async () => {
    for (const store of opened) await (await store).close();
  });
  return tokenStoreContract(async () => {
    while (opened.length < 2) opened.push(open());
    const [one, other] = await Promise.all(opened);
    if (one === undefined || other === undefined) throw new Error("expected two stores");
    return [
      createSharedTokenStore({ handles: one.handles, keys }),
      createSharedTokenStore({ handles: other.handles, keys }),
    ];
  });
}

describe("tokens in SQLite", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lutra-tokens-"));
  });
  const contract = casesFor(() => openStore(`sqlite:${join(folder, "state.db")}`));

  it.each(contract)("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  afterAll(() => rm(folder, { recursive: true }));
});

describe.skipIf(!hasPostgres)(`tokens in Postgres (${withoutPostgres})`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  const contract = casesFor(() => openStore(server.url));

  it.each(contract)("$name", async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });

  afterAll(() => server.remove());
});
