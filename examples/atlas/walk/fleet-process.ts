/** Runs `lutra gateway` as a user would, and reads its output. */
import { type ChildProcess, spawn } from "node:child_process";
import { relative } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export interface FleetProcess {
  readonly url: string;
  /** The URL of the admin listener. */
  readonly adminUrl: string;
  /** The link to the console. */
  readonly consoleUrl: string;
  /** The process of each replica of the atlas, by number. */
  readonly pids: ReadonlyMap<number, number>;
  /** Resolves when a replica that died has been replaced. */
  readonly isBack: (replica: number) => Promise<void>;
  /** Starts to print the messages of the fleet. */
  readonly showNotices: () => void;
  /** Resolves to the exit code when the fleet has ended. */
  readonly ended: Promise<number>;
}

/** Error for a fleet that failed to start, with its output. */
export class FleetError extends Error {
  override readonly name: string = "FleetError";
  readonly isPortTaken: boolean;

  constructor(message: string) {
    super(message);
    this.isPortTaken = /^lutra: port \d+ is in use/m.test(message);
  }
}

const lutra = fileURLToPath(new URL("../../../packages/cli/bin/lutra.js", import.meta.url));
const config = fileURLToPath(new URL("../gateway.yaml", import.meta.url));

/** The path of the configuration, as a user would type it. */
export function configPath(): string {
  return relative(process.cwd(), config);
}

export interface FleetOptions {
  readonly port: number;
  /** Ends the fleet gracefully, like Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Starts the gateway and the fleet behind it; resolves when all replicas answer. */
export async function startFleet({ port, signal }: FleetOptions): Promise<FleetProcess> {
  const child = spawn(process.execPath, [lutra, "gateway", config], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PORT: String(port), ADMIN_PORT: "0" },
  });
  signal.addEventListener("abort", () => child.kill("SIGTERM"));
  const notices = readNotices(child.stderr);
  const ended = new Promise<number>((resolve) => child.once("exit", (code) => resolve(code ?? 1)));
  const url = await Promise.race([
    urlOf(child.stdout),
    closed(child).then(() => Promise.reject(new FleetError(notices.lines.join("\n")))),
  ]);
  return { url, ...notices, adminUrl: notices.adminUrl(), consoleUrl: notices.consoleUrl(), ended };
}

function urlOf(stdout: Readable): Promise<string> {
  return new Promise((resolve) => {
    createInterface(stdout).on("line", (line) => {
      const url = /^listening on (.*)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}

function readNotices(stderr: Readable) {
  const lines: string[] = [];
  const pids = new Map<number, number>();
  const waiting = new Map<number, () => void>();
  let isShown = false;
  let adminUrl = "";
  let consoleUrl = "";
  createInterface(stderr).on("line", (line) => {
    lines.push(line);
    if (isShown) console.error(line);
    adminUrl = /^lutra: health and metrics on (.*)$/.exec(line)?.[1] ?? adminUrl;
    consoleUrl = /^lutra: console on (.*)$/.exec(line)?.[1] ?? consoleUrl;
    const [, number, pid] =
      /^lutra: atlas: replica (\d+) is ready(?: again)?, pid (\d+)/.exec(line) ?? [];
    if (number === undefined) return;
    pids.set(Number(number), Number(pid));
    waiting.get(Number(number))?.();
  });
  return {
    lines,
    pids,
    adminUrl: () => adminUrl,
    consoleUrl: () => consoleUrl,
    isBack: (replica: number) => new Promise<void>((resolve) => waiting.set(replica, resolve)),
    showNotices: () => {
      isShown = true;
    },
  };
}

/** Resolves when the process has exited and its output has been read. */
function closed(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => child.once("close", () => resolve()));
}
