/** nginx and HAProxy as contenders, with a minimal configuration for the same routing. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isPinned } from "./contender.ts";
import type { Usage } from "./messages.ts";
import { secondTool } from "./proxies/routing.ts";

/** A running proxy. */
export interface RunningProxy {
  readonly name: string;
  readonly port: number;
  readonly usage: () => Promise<Usage>;
  readonly stop: () => Promise<void>;
}

interface Program {
  readonly path: string;
  /** The command that installs it. */
  readonly remedy: string;
  readonly args: (file: string, folder: string) => readonly string[];
  readonly config: (port: number, upstreams: readonly [string, string], folder: string) => string;
}

export type ForeignName = keyof typeof programs;

const programs = {
  nginx: {
    path: "/usr/sbin/nginx",
    remedy: "apt-get install nginx-light",
    args: (file, folder) => ["-p", folder, "-c", file, "-e", "stderr"],
    config: nginxConfig,
  },
  HAProxy: {
    path: "/usr/sbin/haproxy",
    remedy: "apt-get install haproxy",
    args: (file) => ["-db", "-f", file],
    config: haproxyConfig,
  },
} as const satisfies { readonly [name: string]: Program };

export const foreignNames = Object.keys(programs) as ForeignName[];

/** Returns the reason that it can't be measured here, or `undefined`. */
export function whyMissing(name: ForeignName): string | undefined {
  const { path, remedy } = programs[name];
  if (process.platform !== "linux") return "only on Linux";
  return existsSync(path) ? undefined : `${path} is missing: ${remedy}`;
}

const children = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of children) child.kill("SIGKILL");
});

/** Starts it on the first core and waits until it listens. */
export async function startForeign(
  name: ForeignName,
  upstreams: readonly [string, string],
): Promise<RunningProxy> {
  const { path, args, config }: Program = programs[name];
  const folder = mkdtempSync(join(tmpdir(), "lutra-bench-"));
  const port = await freePort();
  const file = join(folder, "proxy.conf");
  writeFileSync(file, config(port, upstreams, folder));
  const line = [path, ...args(file, folder)];
  const [program, ...rest] = isPinned ? ["taskset", "-c", "0", ...line] : line;
  const child = spawn(program as string, rest, { stdio: ["ignore", "ignore", "inherit"] });
  children.add(child);
  const exited = once(child, "exit");
  const stop = async () => {
    // SIGTERM also ends the workers of nginx.
    child.kill("SIGTERM");
    await exited;
    children.delete(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const ended = exited.then(([code]): never => {
    throw new Error(`${name}: the process ended with code ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([listening(port), ended]);
  return { name, port, usage: async () => usageOf(child.pid as number), stop };
}

function nginxConfig(
  port: number,
  [first, second]: readonly [string, string],
  folder: string,
): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `  ${kind}_temp_path ${folder}/${kind};`,
  );
  // Run the workers as the same user; otherwise they could not access the folder.
  const user = userInfo().uid === 0 ? "user root;\n" : "";
  return `${user}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
${temporary.join("\n")}
  keepalive_requests 1000000000;
  map $http_mcp_name $pool { default first; ${secondTool} second; }
  upstream first { server ${hostOf(first)}; keepalive 64; keepalive_requests 1000000000; }
  upstream second { server ${hostOf(second)}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location /mcp {
      proxy_pass http://$pool;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`;
}

function haproxyConfig(port: number, [first, second]: readonly [string, string]): string {
  return `global
  nbthread 1
  maxconn 1000
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend mcp
  bind 127.0.0.1:${port}
  use_backend second if { req.hdr(Mcp-Name) -m str ${secondTool} }
  default_backend first
backend first
  server first ${hostOf(first)}
backend second
  server second ${hostOf(second)}
`;
}

function hostOf(origin: string): string {
  return new URL(origin).host;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves when connections are accepted. A program that can't listen exits. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "close").then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (isOpen) return;
    await delay(20);
  }
}

const microsPerTick = 10_000;
const pageBytes = 4096;

/** Returns the resource usage of a process and its children, from `/proc`. */
function usageOf(pid: number): Usage {
  let cpuMicros = 0;
  let rssBytes = 0;
  for (const each of [pid, ...childrenOf(pid)]) {
    const stat = readFileSync(`/proc/${each}/stat`, "utf8");
    // After the name, which may contain any character: fields 14 and 15 are the times, 24 the pages.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    cpuMicros += ((fields[11] ?? 0) + (fields[12] ?? 0)) * microsPerTick;
    rssBytes += (fields[21] ?? 0) * pageBytes;
  }
  return { cpuMicros, rssBytes };
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8")
      .split(" ")
      .filter((child) => child !== "")
      .map(Number),
  );
}
