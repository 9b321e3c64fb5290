/**
 * The scenarios of the official suite about tasks, where every request may meet another replica, and
 * through gateways, as they are passed by one process (see test/conformance).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigInput, startGateway } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outcome, readOutcomes } from "../conformance/outcomes.ts";
import { root, runSuite } from "../conformance/suite.ts";
import { faultsOf, readExtensions } from "../conformance/verdict.ts";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "../stores/postgres-server.ts";
import { freshDatabase } from "./fresh-database.ts";
import { startStoreReplicas } from "./store-replicas.ts";

const expected = Object.fromEntries(
  Object.entries(readExtensions("server")).filter(([scenario]) => scenario.startsWith("tasks-")),
);
const scenarios = Object.keys(expected);
const everything = new URL(`file://${join(root, "examples/everything/server.ts")}`);
const asking = new URL("fixtures/asking-server.mjs", import.meta.url);

let folder: string;
let postgres: PostgresServer | undefined;
let files = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-tasks-"));
  if (hasPostgres) postgres = await startPostgres();
});
afterAll(() => {
  postgres?.remove();
  rmSync(folder, { recursive: true });
});

const sqlite = async () => {
  files += 1;
  return `sqlite:${join(folder, `${files}.db`)}`;
};
const database = () => freshDatabase(postgres?.url ?? "", "conformance");

type Rest = Pick<ConfigInput, "routes">;

/** A gateway over three replicas of the fixture, and, to be merged, a second server. */
async function start(store: string, verify: "upstream" | "gateway", rest: Rest) {
  const replicas = await startStoreReplicas({ module: everything, replicas: 3, store });
  const others =
    rest.routes === undefined
      ? []
      : await startStoreReplicas({ module: asking, replicas: 1, store: "memory:" });
  const urlsOf = (group: typeof replicas) => group.map(({ url }) => url);
  const gateway = await startGateway({
    listen: { port: 0 },
    admin: false,
    log: false,
    cache: false,
    upstreams: {
      everything: { url: urlsOf(replicas), verify },
      ...(others.length > 0 && { asking: { url: urlsOf(others), verify } }),
    },
    ...rest,
  });
  await gateway.ready();
  return {
    url: gateway.url,
    close: async () => {
      await gateway.close();
      await Promise.all([...replicas, ...others].map((replica) => replica.close()));
    },
  };
}

const merged: Rest = { routes: [{ merge: "all" }] };

const ways = [
  ["three replicas with SQLite, bodies unread", "sqlite", sqlite, "upstream", {}],
  ["three replicas with Postgres, bodies read", "postgres", database, "gateway", {}],
  ["a merged server, with SQLite behind it", "merged-sqlite", sqlite, "upstream", merged],
] as const;

for (const [what, name, storeUrl, verify, rest] of ways) {
  const isMissing = storeUrl === database && !hasPostgres;
  describe.skipIf(isMissing)(isMissing ? `${what} (${withoutPostgres})` : what, () => {
    it("passes all nine scenarios about tasks", { timeout: 120_000 }, async () => {
      expect(scenarios).toHaveLength(9);
      const { url, close } = await start(await storeUrl(), verify, rest);
      try {
        const outcomes: Outcome[] = [];
        for (const scenario of scenarios) {
          const args = ["server", "--url", url, "--scenario", scenario];
          const run = await runSuite(join(`tasks-${name}`, scenario), args);
          outcomes.push(...readOutcomes(run.folder));
        }
        expect(faultsOf(outcomes, expected, new Map(), scenarios)).toEqual([]);
      } finally {
        await close();
      }
    });
  });
}
