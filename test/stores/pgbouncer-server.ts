/** A PgBouncer for a test, on a free port, in front of a Postgres server. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface PgBouncer {
  readonly url: string;
  readonly remove: () => Promise<void>;
}

const program = ["pgbouncer", "/usr/sbin/pgbouncer"].find(
  (path) => spawnSync(path, ["--version"]).status === 0,
);

/** True when tests can start a PgBouncer. */
export const hasPgBouncer: boolean = program !== undefined;

/** The reason for skipped tests. */
export const withoutPgBouncer = "needs PgBouncer: apt-get install pgbouncer";

/** Starts a PgBouncer with its default settings in one pool mode. */
export async function startPgBouncer(
  postgresUrl: string,
  mode: "session" | "transaction",
): Promise<PgBouncer> {
  const { hostname, port: upstream, username, password, pathname } = new URL(postgresUrl);
  const folder = mkdtempSync(join(tmpdir(), "lutra-pgbouncer-"));
  const port = await freePort();
  const config = join(folder, "pgbouncer.ini");
  const users = join(folder, "users.txt");
  writeFileSync(users, `"${username}" "${password}"\n`);
  writeFileSync(
    config,
    `[databases]
* = host=${hostname} port=${upstream}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
`,
  );
  const owner = process.getuid?.() === 0 ? ["-u", ownFiles(folder, [config, users])] : [];
  const child = spawn(program ?? "", ["-q", ...owner, config], { stdio: "ignore" });
  await untilListening(port, child);
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${port}${pathname}`,
    remove: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) {
        await new Promise((resolve) => child.once("exit", resolve));
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Gives files to the user `postgres`, because PgBouncer refuses to run as root. */
function ownFiles(folder: string, files: readonly string[]): string {
  const id = (flag: string) =>
    Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  for (const path of [folder, ...files]) chownSync(path, id("-u"), id("-g"));
  return "postgres";
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`pgbouncer exited with code ${child.exitCode}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 20)); // time: between two attempts to connect
  }
}
