/** A Postgres server for a test: a new cluster on a free port, owned by a user other than root. */
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  readonly url: string;
  /** Stops the server. Neither way waits for connections. @default immediate */
  readonly stop: (how?: "fast" | "immediate") => void;
  readonly start: () => void;
  /** Stops the server and removes its files. */
  readonly remove: () => void;
}

const folders = "/usr/lib/postgresql";
const password = "otter";

const installed = existsSync(folders)
  ? readdirSync(folders)
      .map((version) => join(folders, version, "bin"))
      .filter((folder) => existsSync(join(folder, "initdb")))
      .at(-1)
  : undefined;

/** The folder with `initdb`, which `npm run test:postgres` names for other versions. */
const binaries = process.env.LUTRA_TEST_POSTGRES_BINARIES ?? installed;

const given = process.env.LUTRA_TEST_POSTGRES_URL;

/** True when tests can stop and start a server of their own. */
export const hasPostgresBinaries: boolean = binaries !== undefined;

/** True when tests that need Postgres can run. */
export const hasPostgres: boolean = hasPostgresBinaries || given !== undefined;

/** The reason for skipped tests. */
export const withoutPostgres =
  "needs Postgres: apt-get install postgresql, or set LUTRA_TEST_POSTGRES_URL";

/** Returns the server of `LUTRA_TEST_POSTGRES_URL`, or starts one. */
export async function startPostgres(
  isOwn = false,
  /** True when commits wait for the disk. */
  { isDurable = false }: { readonly isDurable?: boolean } = {},
): Promise<PostgresServer> {
  if (given !== undefined && !isOwn) {
    return { url: given, start: () => {}, stop: () => {}, remove: () => {} };
  }
  const folder = mkdtempSync(join(tmpdir(), "lutra-postgres-"));
  const port = await freePort();
  const owner = ownerOf(folder);
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const run = (command: string, ...args: string[]) => {
    const [program = "", ...rest] = [...owner, join(binaries ?? "", command), ...args];
    // A server that inherited a pipe would keep it open, and the call would not return.
    execFileSync(program, rest, { stdio: "ignore", cwd: folder });
  };
  const auth = ["--auth-host=scram-sha-256", "--auth-local=trust", `--pwfile=${passwordFile}`];
  run("initdb", "-D", data, "-U", "lutra", "-N", "-E", "UTF8", "--locale=C", ...auth);
  const fsync = isDurable ? "on" : "off";
  const settings = `-p ${port} -k ${folder} -h 127.0.0.1 -c max_connections=200 -c fsync=${fsync}`;
  const start = () =>
    run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start");
  const stop = (how = "immediate") => run("pg_ctl", "-D", data, "-w", "-m", how, "stop");
  start();
  return {
    url: `postgres://lutra:${password}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    remove: () => {
      try {
        stop();
      } catch {
        // The server is already stopped.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a program as another user, because Postgres refuses to run as root. */
function ownerOf(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string) =>
    Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  chownSync(folder, id("-u"), id("-g"));
  return ["runuser", "-u", "postgres", "--"];
}
