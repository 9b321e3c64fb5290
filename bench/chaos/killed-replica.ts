/** The process of a replica that is killed repeatedly. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface KilledReplica {
  readonly url: string;
  /** Kills the process with SIGKILL; resolves when its successor listens on the same port. */
  readonly killAndRestart: () => Promise<void>;
  /** Sends a signal to the process. */
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly stop: () => void;
}

/** Bundles the program into one file, so that a process starts quickly. Returns its path. */
export async function compileReplica(folder: string): Promise<string> {
  const outfile = join(folder, "replica.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./replica.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    // The CommonJS parts of undici require Node modules at run time.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return outfile;
}

/** Resolves when the first process listens. */
export async function startKilledReplica(program: string, file: string): Promise<KilledReplica> {
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const child = fork(program, [String(port), file], { execArgv: [] });
    await once(child, "message");
    return child;
  };
  let child = await start();
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    killAndRestart: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      child = await start();
    },
    signal: (signal) => void child.kill(signal),
    stop: () => void child.kill("SIGKILL"),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
