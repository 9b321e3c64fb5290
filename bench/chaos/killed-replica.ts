/** The process of one replica, which is killed again and again. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface KilledReplica {
  readonly url: string;
  /** Kills it without a warning; resolves when the next one listens at the same port. */
  readonly killAndRestart: () => Promise<void>;
  readonly stop: () => void;
}

/** Makes one file of the program, so that a process is there soon. Returns its path. */
export async function compileReplica(folder: string): Promise<string> {
  const outfile = join(folder, "replica.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./replica.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    // What undici has of CommonJS asks for modules of Node at run time.
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
