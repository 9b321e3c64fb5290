/**
 * The scenarios of the official suite about tasks, on several replicas behind a plain balancer and
 * behind gateways. For one process, see test/conformance.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConfigInput, startGateway } from "@lutra/gateway";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readOutcomes } from "../conformance/outcomes.ts";
import { root, runSuite } from "../conformance/suite.ts";
import { faultsOf, readExtensions } from "../conformance/verdict.ts";
import {
  hasPostgres,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "../stores/postgres-server.ts";
import { freshDatabase } from "./fresh-database.ts";
import { startRoundRobin } from "./round-robin.ts";
import { type StoreReplica, startStoreReplicas } from "./store-replicas.ts";

const expected = Object.fromEntries(
  Object.entries(readExtensions("server")).filter(([scenario]) => scenario.startsWith("tasks-")),
);
const scenarios = Object.keys(expected);
const everything = new URL(`file://${join(root, "examples/everything/server.ts")}`);
const asking = new URL("fixtures/asking-server.mjs", import.meta.url);

/** The endpoint in front of the replicas. */
interface Front {
  readonly url: string;
  /** Number of requests of each replica, if counted. */
  readonly counts?: () => readonly number[];
  readonly close: () => Promise<void>;
}

async function startFront(
  upstreams: ConfigInput["upstreams"],
  rest: Pick<ConfigInput, "routes"> = {},
): Promise<Front> {
  const config = { listen: { port: 0 }, admin: false, log: false, cache: false } as const;
  const gateway = await startGateway({ ...config, upstreams, ...rest });
  await gateway.ready();
  return gateway;
}

type Start = (urls: readonly string[], other: string) => Promise<Front>;

/** Starts a gateway that reads bodies, or one that forwards them unread. */
const gatewayThat =
  (verify: "upstream" | "gateway"): Start =>
  (urls) =>
    startFront({ everything: { url: [...urls], verify } });

/** Merges the replicas and a second server. */
const merged: Start = (urls, other) =>
  startFront(
    {
      everything: { url: [...urls], verify: "upstream" },
      asking: { url: other, verify: "upstream" },
    },
    { routes: [{ merge: "all" }] },
  );

interface Engine {
  /** Prefix of the folders of results. */
  readonly name: string;
  readonly open: (folder: string) => Promise<{ readonly url: string; readonly end: () => void }>;
  readonly missing?: string | undefined;
  readonly fronts: readonly (readonly [what: string, name: string, start: Start])[];
}

const engines: { readonly [what: string]: Engine } = {
  "three replicas with SQLite": {
    name: "sqlite",
    open: async (folder) => ({ url: `sqlite:${join(folder, "state.db")}`, end: () => {} }),
    fronts: [
      ["in turn", "in-turn", startRoundRobin],
      ["behind a gateway, bodies unread", "gateway", gatewayThat("upstream")],
      ["in a merged server", "merged", merged],
    ],
  },
  "three replicas with Postgres": {
    name: "postgres",
    open: async () => {
      const server: PostgresServer = await startPostgres();
      return { url: await freshDatabase(server.url, "conformance"), end: server.remove };
    },
    missing: hasPostgres ? undefined : withoutPostgres,
    fronts: [
      ["in turn", "in-turn", startRoundRobin],
      ["behind a gateway, bodies read", "gateway", gatewayThat("gateway")],
      ["in a merged server", "merged", merged],
    ],
  },
};

for (const [what, { name, open, missing, fronts }] of Object.entries(engines)) {
  describe.skipIf(missing !== undefined)(missing ? `${what} (${missing})` : what, () => {
    let folder: string;
    let store: Awaited<ReturnType<typeof open>>;
    let replicas: readonly StoreReplica[];
    let other: StoreReplica;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "lutra-tasks-"));
      store = await open(folder);
      const alone = { module: asking, replicas: 1, store: "memory:" };
      const [all, others] = await Promise.all([
        startStoreReplicas({ module: everything, replicas: 3, store: store.url }),
        startStoreReplicas(alone),
      ]);
      replicas = all;
      other = others[0] as StoreReplica;
    });
    afterAll(async () => {
      await Promise.all([...replicas, other].map((replica) => replica.close()));
      store.end();
      rmSync(folder, { recursive: true });
    });

    // Scenarios mostly wait, so the endpoints run concurrently.
    it.concurrent.each(fronts)(
      "passes all nine scenarios about tasks %s",
      { timeout: 120_000 },
      async (_where, front, start) => {
        expect(scenarios).toHaveLength(9);
        const { url, counts, close } = await start(
          replicas.map((replica) => replica.url),
          other.url,
        );
        try {
          // The smallest set of scenarios that includes these. One start for each takes twice as long.
          const args = ["server", "--url", url, "--suite", "pending"];
          const run = await runSuite(`tasks-${name}-${front}`, args);
          const outcomes = readOutcomes(run.folder).filter(({ scenario }) => scenario in expected);
          expect(faultsOf(outcomes, expected, new Map(), scenarios)).toEqual([]);
          for (const count of counts?.() ?? []) expect(count).toBeGreaterThan(20);
        } finally {
          await close();
        }
      },
    );
  });
}
