/** Replicas of a server that share a store. Each is a process with its own URL. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { relayEvents } from "lutra/stores";
import { freePort } from "../stores/free-port.ts";

export interface StoreReplicasOptions {
  /** A module that exports a server. */
  readonly module: URL;
  readonly replicas: number;
  /** The URL of the store. */
  readonly store: string;
  /** The URL of the event bus, unless the store or the channel to this process is used. */
  readonly bus?: string | undefined;
  readonly env?: { readonly [name: string]: string } | undefined;
}

export interface StoreReplica {
  readonly url: string;
  /** Returns the id of the current process; `undefined` while it is starting. */
  readonly pid: () => number | undefined;
  /** Kills the process. Resolves when its successor listens at the same port. */
  readonly killAndRestart: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const maxStarts = 5;
const program = fileURLToPath(new URL("fixtures/replica.mjs", import.meta.url));

/** Starts the replicas. Resolves when all listen. */
export async function startStoreReplicas(options: StoreReplicasOptions) {
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
  const relay = relayEvents();
  const start = async (port: number): Promise<ChildProcess> => {
    const child = startProcess(options);
    const leave = relay.add(child);
    child.once("exit", leave);
    const { module, replicas } = options;
    child.send({ module: module.href, replicas, port, keys: [{ id: "k", secret }] });
    await isReady(child);
    return child;
  };
  const ports = await Promise.all(Array.from({ length: options.replicas }, freePort));
  return Promise.all(ports.map((port) => startReplica(port, start)));
}

async function startReplica(
  port: number,
  start: (port: number) => Promise<ChildProcess>,
): Promise<StoreReplica> {
  let child: ChildProcess | undefined = await start(port);
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    pid: () => child?.pid,
    killAndRestart: async () => {
      const killed = child;
      if (killed === undefined) return;
      child = undefined;
      await ended(killed, "SIGKILL");
      child = await startAgain(() => start(port));
    },
    close: async () => {
      if (child !== undefined) await ended(child, "SIGTERM");
    },
  };
}

/** Restarts a process that ends before it listens, for example because the store is slow. */
async function startAgain(start: () => Promise<ChildProcess>): Promise<ChildProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === maxStarts) throw error;
    }
  }
}

function startProcess({ module, store, bus, env }: StoreReplicasOptions): ChildProcess {
  const execArgv = module.pathname.endsWith(".ts") ? ["--import", "tsx"] : [];
  return fork(program, {
    execArgv,
    env: { ...process.env, ...env, LUTRA_TEST_STORE: store, LUTRA_TEST_BUS: bus ?? "" },
  });
}

function isReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      if ((message as { readonly type?: unknown }).type === "replica.ready") resolve();
    });
    child.once("exit", (code, signal) => reject(new Error(`a replica ended: ${signal ?? code}`)));
  });
}

async function ended(child: ChildProcess, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}
