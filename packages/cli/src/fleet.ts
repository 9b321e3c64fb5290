/** What the replicas of one supervisor share: keys, events, claims, and a folder for their sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomId, type SealKey } from "lutra/server";
import { createMemoryReplayGuard, relayEvents } from "lutra/stores";
import { answerClaims } from "./process-replay-guard.ts";
import { type Replica, startReplica } from "./replica.ts";

export interface FleetOptions {
  readonly module: string;
  readonly replicas: number;
  /** Whether only clients on this machine can reach the fleet. */
  readonly isLocal: boolean;
}

export interface Fleet {
  readonly running: ReadonlySet<Replica>;
  readonly start: (number: number) => { readonly replica: Replica; readonly leave: () => void };
  readonly kill: () => void;
  readonly end: () => void;
}

/** Draws new keys, so what one fleet sealed does not open in another. */
export function createFleet({ module, replicas, isLocal }: FleetOptions): Fleet {
  const keys: readonly SealKey[] = [{ id: "fleet", secret: randomSecret() }];
  const relay = relayEvents();
  const guard = createMemoryReplayGuard();
  // Only this user can enter the folder, so nobody gets past the dispatcher.
  const folder = mkdtempSync(join(tmpdir(), "lutra-"));
  const running = new Set<Replica>();
  let starts = 0;

  const kill = () => {
    for (const replica of running) replica.stop("SIGKILL");
  };
  const end = () => rmSync(folder, { recursive: true, force: true });
  // However this process ends: a replica that is busy would not notice.
  process.once("exit", () => {
    kill();
    end();
  });

  return {
    running,
    start: (number) => {
      starts += 1;
      const socketPath = socketIn(folder, `${number}-${starts}`);
      const replica = startReplica(number, { module, replicas, keys, socketPath, isLocal });
      running.add(replica);
      const unrelay = relay.add(replica.channel);
      answerClaims(replica.channel, guard);
      const leave = () => {
        running.delete(replica);
        unrelay();
      };
      return { replica, leave };
    },
    kill,
    end,
  };
}

/** Windows has named pipes in a place of their own instead of sockets in the file system. */
function socketIn(folder: string, name: string): string {
  if (process.platform !== "win32") return join(folder, name);
  return `\\\\.\\pipe\\lutra-${process.pid}-${name}-${randomId()}`;
}

/** A key as Base64, since the channel to a replica carries JSON. */
function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
}
