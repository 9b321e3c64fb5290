/** Processes of the runtime tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../stores/free-port.ts";

/** A command, and the folder in which it runs. */
export interface Program {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: { readonly [name: string]: string };
}

const maxMs = 600_000;

/** Runs a program; resolves to its standard output. Rejects if it fails or takes too long. */
export async function outputOf(program: Program, timeoutMs = maxMs): Promise<string> {
  const { child, output, errors } = start(program);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (code === 0) return output().trim();
  const how = signal === null ? `code ${code}` : `${signal} after ${timeoutMs} ms`;
  throw new Error(`${program.command.join(" ")}: ended with ${how}\n${output()}${errors()}`);
}

/**
 * Runs a server on a free port while `use` calls it at `http://127.0.0.1:<port>`. Rejects if the
 * server ends early.
 */
export async function withServer<T>(
  programFor: (port: number) => Program,
  use: (origin: string) => Promise<T>,
): Promise<T> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = programFor(port);
  const { child, output, errors } = start(program);
  const ended = once(child, "close").then(([code]) => {
    const text = `${output()}${errors()}`;
    throw new Error(`${program.command.join(" ")}: ended with ${code}\n${text}`);
  });
  ended.catch(() => {});
  try {
    await Promise.race([untilListening(origin), ended]);
    return await Promise.race([use(origin), ended]);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${errors()}`);
  } finally {
    await stop(child, ended);
  }
}

function start({ command: [command = "", ...args], cwd, env }: Program) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, output: textOf(child.stdout), errors: textOf(child.stderr) };
}

function textOf(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text = (text + chunk).slice(-20_000);
  });
  return () => text;
}

async function untilListening(origin: string): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const answered = await fetch(origin).catch(() => undefined);
    if (answered !== undefined) return;
    if (Date.now() > until) throw new Error(`${origin}: expected a server within a minute`);
    // time: programs of other runtimes do not tell when they listen
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended.catch(() => {});
  clearTimeout(timer);
}
