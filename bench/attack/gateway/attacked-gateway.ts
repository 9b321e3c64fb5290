/** A gateway in a process of its own, started by the command, as an operator starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ConfigInput } from "@lutra/gateway";
import { type ConfigFile, writeConfig } from "../../../test/gateway/config-file.ts";

export interface AttackedGateway {
  readonly url: string;
  /** The URL of the admin listener. */
  readonly adminUrl: string;
  readonly file: ConfigFile;
  readonly child: ChildProcess;
  /** The ids of the processes that serve. */
  readonly pids: () => readonly number[];
  /** The lines of standard error so far. */
  readonly stderr: readonly string[];
  /** Resident memory of the process, in bytes. */
  readonly residentBytes: () => number;
  /** The time that the thread of the process has run, in milliseconds. */
  readonly threadMs: () => number;
  /** Returns the sum of the samples whose name and labels begin with this text. */
  readonly metric: (series: string) => Promise<number>;
  /** Ends the process with SIGTERM. Resolves to its exit code, or `still running` after 20 s. */
  readonly end: () => Promise<number | string>;
  /** Kills the process, if it runs, and removes its files. */
  readonly dispose: () => Promise<void>;
}

export interface AttackedOptions {
  /** Maximum number of file descriptors of the process. @default that of this process */
  readonly openFiles?: number;
  /** A module that the process loads first. */
  readonly preload?: string;
  /** Number of processes that serve. @default one process, without a supervisor */
  readonly processes?: number;
}

const program = fileURLToPath(new URL("../../../packages/cli/bin/lutra.js", import.meta.url));
const startMs = 20_000;
const endMs = 20_000;

/** Starts a gateway on free ports, and waits until it listens. */
export async function startAttacked(
  config: ConfigInput,
  { openFiles, preload, processes }: AttackedOptions = {},
): Promise<AttackedGateway> {
  const file = await writeConfig({
    admin: { port: 0 },
    log: false,
    ...config,
    listen: { port: 0, ...config.listen },
  });
  const node = [process.execPath, ...(preload ? ["--import", preload] : [])];
  const several = processes === undefined ? [] : ["--processes", String(processes)];
  const command = [...node, program, "gateway", file.path, ...several];
  const limit = openFiles === undefined ? "" : `ulimit -n ${openFiles}; `;
  const child = spawn("sh", ["-c", `${limit}exec "$@"`, "sh", ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stderr: string[] = [];
  createInterface(child.stderr).on("line", (line) => stderr.push(line));
  const exited = once(child, "exit").then(([code, signal]): number | string => code ?? signal);
  const url = await listening(child).catch(async (error: Error) => {
    child.kill("SIGKILL");
    await file.remove();
    throw new Error(`${error.message}: ${stderr.join("; ")}`);
  });
  const admin = stderr.map((line) => /metrics on (\S+)/.exec(line)?.[1]).find(Boolean) ?? "";
  return {
    url,
    adminUrl: admin,
    file,
    child,
    pids: () => (processes === undefined ? [child.pid as number] : servingIn(stderr)),
    stderr,
    residentBytes: () => residentBytesOf(child.pid),
    threadMs: () => threadMsOf(child.pid),
    metric: async (series) => metricIn(await (await fetch(`${admin}/metrics`)).text(), series),
    end: async () => {
      child.kill("SIGTERM");
      return await within(exited, endMs, "still running");
    },
    dispose: async () => {
      child.kill("SIGKILL");
      await exited;
      await file.remove();
    },
  };
}

/** Runs an attack on a gateway, which ends with it. */
export async function attackGateway<T>(
  config: ConfigInput,
  attack: (gateway: AttackedGateway) => Promise<T>,
  options?: AttackedOptions,
): Promise<T> {
  const gateway = await startAttacked(config, options);
  try {
    return await attack(gateway);
  } finally {
    await gateway.dispose();
  }
}

/** Resolves to the URL of the endpoint. */
async function listening(child: ChildProcess): Promise<string> {
  const signal = AbortSignal.timeout(startMs);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream, signal });
  for await (const line of lines) {
    const url = /^listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("the gateway did not start");
}

/** Returns the ids of the processes that the supervisor has reported, the last one of each number. */
function servingIn(stderr: readonly string[]): readonly number[] {
  const pids = new Map<string, number>();
  for (const line of stderr) {
    const [, number = "", pid] = /process (\d+) is ready(?: again)?, pid (\d+)/.exec(line) ?? [];
    if (pid !== undefined) pids.set(number, Number(pid));
  }
  return [...pids.values()];
}

function residentBytesOf(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1024;
}

function threadMsOf(pid: number | undefined): number {
  const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ", 1);
  return Number(nanoseconds) / 1e6;
}

function metricIn(text: string, series: string): number {
  const lines = text.split("\n").filter((line) => line.startsWith(series));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** Resolves to the outcome of `work`, or to `late` after a time. */
export async function within<T, L>(work: Promise<T>, ms: number, late: L): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<L>((resolve) => {
    timer = setTimeout(resolve, ms, late);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
