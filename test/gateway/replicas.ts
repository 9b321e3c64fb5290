/** Replicas of one server for a gateway. Each is a process with its own URL. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { SealKey } from "lutra/server";
import { createMemoryReplayGuard, relayEvents } from "lutra/stores";
import { answerClaims } from "../../packages/cli/src/process-replay-guard.ts";
import { compiled } from "../compiled.ts";

/** The first message to a replica. */
export interface ReplicaStart {
  /** The URL of a module that exports a server. */
  readonly module: string;
  readonly replicas: number;
  readonly keys: readonly SealKey[];
  /** The port; 0 picks a free one. */
  readonly port: number;
  /** The URL of the store that all replicas share. */
  readonly store: string;
}

export interface Replicas {
  /** The endpoint of each replica, in order. */
  readonly urls: readonly string[];
  /** Returns the process ids of the running replicas. */
  readonly pids: () => readonly number[];
  /** Kills a replica. Resolves to the process id of its successor once the successor listens. */
  readonly kill: (pid: number) => Promise<number>;
  /** Ends all replicas gracefully, without restarting any. */
  readonly close: () => Promise<void>;
}

const program = compiled(new URL("fixtures/replica.ts", import.meta.url));

/** Starts replicas. Restarts each at the same port when it dies, as a supervisor does. */
export async function startReplicas(source: URL, replicas: number): Promise<Replicas> {
  const module = pathToFileURL(compiled(source));
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  const relay = relayEvents();
  const guard = createMemoryReplayGuard();
  const running = new Set<ChildProcess>();
  const succeeded = new Map<number, (successor: number) => void>();
  const folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  const store = `sqlite:${join(folder, "state.db")}`;
  let isOver = false;

  const start = async (port: number, predecessor?: number): Promise<number> => {
    const child = fork(program);
    running.add(child);
    const leave = relay.add(child);
    answerClaims(child, guard);
    const message = { module: module.href, replicas, port, store, keys: [{ id: "k", secret }] };
    child.send(message satisfies ReplicaStart);
    const taken = await readyAt(child);
    child.once("exit", () => {
      leave();
      running.delete(child);
      if (!isOver) void start(taken, child.pid).catch(() => {});
    });
    if (predecessor !== undefined) succeeded.get(predecessor)?.(child.pid as number);
    return taken;
  };
  const ports = await Promise.all(Array.from({ length: replicas }, () => start(0)));

  return {
    urls: ports.map((port) => `http://127.0.0.1:${port}/mcp`),
    pids: () => Array.from(running, ({ pid }) => pid as number),
    kill: (pid) =>
      new Promise((resolve) => {
        succeeded.set(pid, resolve);
        process.kill(pid, "SIGKILL");
      }),
    close: async () => {
      isOver = true;
      const ended = Array.from(running, (child) => once(child, "exit"));
      for (const child of running) child.kill("SIGTERM");
      await Promise.all(ended);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves to the port; rejects when the process ends before it listens. */
function readyAt(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      const { type, port } = message as { readonly type?: unknown; readonly port?: number };
      if (type === "replica.ready") resolve(port as number);
    });
    child.once("exit", (code) => reject(new Error(`a replica ended with ${code}`)));
  });
}
