/** Starts nginx and HAProxy in the foreground, as child processes of the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface ProxyProcess {
  readonly stop: () => Promise<void>;
}

/** Returns the path of a program, or `undefined`. Debian installs both programs in sbin. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Returns a port that is not in use. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Runs nginx with an export inside the smallest `http` block. */
export function startNginx(exported: string, port: number): Promise<ProxyProcess> {
  return start("nginx", port, (folder) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    const text = [
      "daemon off; master_process off; error_log stderr;",
      `pid ${folder}/nginx.pid;`,
      "events {}",
      `http { access_log off; ${temporary.join(" ")}`,
      exported,
      "}",
    ].join("\n");
    return { text, args: (file) => ["-e", "stderr", "-p", folder, "-c", file] };
  });
}

/** Runs HAProxy with an export. */
export function startHaproxy(exported: string, port: number): Promise<ProxyProcess> {
  return start("haproxy", port, () => ({ text: exported, args: (file) => ["-db", "-f", file] }));
}

interface Launch {
  readonly text: string;
  readonly args: (file: string) => readonly string[];
}

async function start(
  name: string,
  port: number,
  launch: (folder: string) => Launch,
): Promise<ProxyProcess> {
  const folder = await mkdtemp(join(tmpdir(), `lutra-${name}-`));
  const { text, args } = launch(folder);
  const file = join(folder, `${name}.conf`);
  await writeFile(file, text);
  const child = spawn(findProgram(name) ?? name, args(file), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  if (await accepts(port, child)) return { stop };
  await stop();
  throw new Error(`${name} does not answer:\n${said}`);
}

/** Waits until the port accepts connections, because neither program reports that it is ready. */
async function accepts(port: number, child: ChildProcess): Promise<boolean> {
  for (let tries = 0; tries < 500 && child.exitCode === null; tries += 1) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return true;
    await pause(20); // time: between polls
  }
  return false;
}
