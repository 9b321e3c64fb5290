/** Bundlers: the output is one file, which runs where no package is installed. */
import { join } from "node:path";
import { outputOf, type Program } from "./programs.ts";
import { versionOf } from "./project.ts";
import {
  expectClient,
  expectExercised,
  expectServer,
  nodeProgram,
  type Subject,
  type Workshop,
} from "./subject.ts";

/** The packages of each bundler. The first has its version. */
const bundlers = {
  esbuild: { esbuild: "0.28.2" },
  rollup: {
    rollup: "4.68.8",
    "@rollup/plugin-commonjs": "29.0.3",
    "@rollup/plugin-node-resolve": "16.0.3",
  },
  webpack: { webpack: "5.113.0" },
  vite: { vite: "8.4.0" },
} as const;

type Bundler = keyof typeof bundlers;

export const bundlerNames = Object.keys(bundlers) as readonly Bundler[];

export async function bundlerSubject(workshop: Workshop, name: Bundler): Promise<Subject> {
  const folder = await workshop.projects.create(name, bundlers[name]);
  const out = workshop.projects.emptyFolder(`${name}-output`);

  async function bundled(entry: string, platform: "node" | "worker" = "node"): Promise<string> {
    const output = join(out, entry);
    const command = ["bundle.mjs", name, platform, join(folder, entry), output];
    await outputOf(nodeProgram(folder, ...command));
    return output;
  }
  const program = (...args: readonly string[]): Program => nodeProgram(out, ...args);
  const output = (...args: readonly string[]) => outputOf(program(...args));

  return {
    name,
    version: versionOf(folder, name),
    checks: {
      "fetch handler": async () => {
        const file = await bundled("worker-client.mjs", "worker");
        const runner = join(folder, "fetch-once.mjs");
        await expectExercised(output(runner, file));
      },
      "Node handler": async () => {
        const file = await bundled("serve-http.mjs");
        await expectServer(workshop, (port) => program(file, String(port)));
      },
      "client over HTTP": async () => {
        const file = await bundled("connect-http.mjs");
        await expectClient(workshop, (url) => output(file, url));
      },
      "client over stdio": async () => {
        const client = await bundled("connect-stdio.mjs");
        const server = await bundled("serve-stdio.mjs");
        await expectExercised(output(client, process.execPath, server));
      },
      "client in memory": async () => {
        await expectExercised(output(await bundled("connect-memory.mjs")));
      },
    },
  };
}
