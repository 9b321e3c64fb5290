/** A Postgres of a test's own: a fresh cluster on a free port, owned by a user that is not root. */
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";

export interface PostgresServer {
  readonly url: string;
  /** Ends the server; `kill` leaves connections no time to end. */
  readonly stop: () => void;
  readonly start: () => void;
  /** Ends the server and removes its files. */
  readonly remove: () => void;
}

const folders = "/usr/lib/postgresql";
const password = "otter";

const binaries = existsSync(folders)
  ? readdirSync(folders)
      .map((version) => join(folders, version, "bin"))
      .filter((folder) => existsSync(join(folder, "initdb")))
      .at(-1)
  : undefined;

const given = process.env.LUTRA_TEST_POSTGRES_URL;

/** True where a test that stops and starts its own server can run. */
export const hasPostgresBinaries: boolean = binaries !== undefined;

/** True where tests that need Postgres can run. */
export const hasPostgres: boolean = hasPostgresBinaries || given !== undefined;

/** What a skipped test says. */
export const withoutPostgres =
  "needs Postgres: apt-get install postgresql, or set LUTRA_TEST_POSTGRES_URL";

/** The server that `LUTRA_TEST_POSTGRES_URL` names, or one of the test's own. */
export async function startPostgres(
  isOwn = false,
  /** Whether commits wait for the disk. */
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
    // A server that inherits a pipe keeps it open, and the call would wait for its end.
    execFileSync(program, rest, { stdio: "ignore", cwd: folder });
  };
  const auth = ["--auth-host=scram-sha-256", "--auth-local=trust", `--pwfile=${passwordFile}`];
  run("initdb", "-D", data, "-U", "lutra", "-N", "-E", "UTF8", "--locale=C", ...auth);
  const fsync = isDurable ? "on" : "off";
  const settings = `-p ${port} -k ${folder} -h 127.0.0.1 -c max_connections=200 -c fsync=${fsync}`;
  const start = () =>
    run("pg_ctl", "-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start");
  const stop = () => run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop");
  start();
  return {
    url: `postgres://lutra:${password}@127.0.0.1:${port}/postgres`,
    start,
    stop,
    remove: () => {
      try {
        stop();
      } catch {
        // It is stopped already.
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Postgres does not run as root. */
function ownerOf(folder: string): readonly string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (flag: string) =>
    Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
  chownSync(folder, id("-u"), id("-g"));
  return ["runuser", "-u", "postgres", "--"];
}
