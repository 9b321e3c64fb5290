/** Clients that are commands. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Returns a function that runs the command of an installed package, and resolves to its output. */
export function commandOf(name, bin) {
  const folder = join(import.meta.dirname, "node_modules", name);
  const { bin: bins } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = join(folder, bins[bin]);
  return async (args) => {
    const env = {
      ...process.env,
      NO_COLOR: "1",
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    };
    try {
      const { stdout } = await run(process.execPath, [file, ...args], { env, timeout: 60_000 });
      return stdout;
    } catch (error) {
      const said = `${error.stderr || error.stdout || error.message}`;
      throw new Error(said.replace(/\s+/g, " ").trim().slice(0, 300));
    }
  };
}
