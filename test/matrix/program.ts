/** Programs that the matrix starts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

export interface RunningProgram {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Starts a program of Node that prints its URL, or that listens on the port of its environment. */
export async function startProgram(
  args: readonly string[],
  { port = false }: { readonly port?: boolean } = {},
): Promise<RunningProgram> {
  const given = port ? await freePort() : undefined;
  const env = given === undefined ? process.env : { ...process.env, PORT: String(given) };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const output: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    const read = (line: string): void => {
      output.push(line);
      const printed = /http:\S+\/mcp\b/.exec(line)?.[0];
      if (given !== undefined && /port/i.test(line)) resolve(`http://127.0.0.1:${given}/mcp`);
      else if (given === undefined && printed !== undefined) resolve(printed);
    };
    createInterface(child.stdout).on("line", read);
    createInterface(child.stderr).on("line", read);
    child.once("exit", (code) => reject(new Error(`exit ${code}: ${output.join("\n")}`)));
  });
  return {
    url,
    close: async () => {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
