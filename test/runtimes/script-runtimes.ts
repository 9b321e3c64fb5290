/** Runtimes that run programs: Node, Bun and Deno. */
import { join } from "node:path";
import { outputOf, type Program } from "./programs.ts";
import { versionOf } from "./project.ts";
import {
  type Checks,
  expectClient,
  expectExercised,
  expectServer,
  type Subject,
  type Workshop,
} from "./subject.ts";

interface Runtime {
  readonly folder: string;
  /** The command that runs a program. */
  readonly run: readonly string[];
  /** The command that serves `fetch.mjs` on a port. */
  readonly serve?: (port: number) => Omit<Program, "cwd">;
}

export async function nodeSubject(workshop: Workshop): Promise<Subject> {
  const runtime = { folder: workshop.nodeFolder, run: [process.execPath] };
  return {
    name: "Node",
    version: process.versions.node,
    checks: checksOf(runtime, workshop),
  };
}

export async function bunSubject(workshop: Workshop): Promise<Subject> {
  const folder = await workshop.projects.create("bun", { bun: "1.4.5" });
  const bun = join(folder, "node_modules/.bin/bun");
  const serve = (port: number) => ({
    command: [bun, "fetch.mjs"],
    env: { PORT: String(port) },
  });
  const checks = checksOf({ folder, run: [bun], serve }, workshop);
  return { name: "Bun", version: versionOf(folder, "bun"), checks };
}

const permissions = ["--allow-net", "--allow-env", "--allow-read", "--allow-run"];

export async function denoSubject(workshop: Workshop): Promise<Subject> {
  const folder = await workshop.projects.create("deno", { deno: "2.9.6" });
  const deno = join(folder, "node_modules/.bin/deno");
  const serve = (port: number) => ({
    command: [deno, "serve", "--host", "127.0.0.1", "--port", String(port), "fetch.mjs"],
  });
  const checks = checksOf({ folder, run: [deno, "run", ...permissions], serve }, workshop);
  return { name: "Deno", version: versionOf(folder, "deno"), checks };
}

function checksOf({ folder, run, serve }: Runtime, workshop: Workshop): Checks {
  const program = (...args: readonly string[]) => ({ command: [...run, ...args], cwd: folder });
  const output = (...args: readonly string[]) => outputOf(program(...args));
  return {
    ...(serve && {
      "fetch handler": () =>
        expectServer(workshop, (port) => ({ ...serve(port), cwd: folder }), "/"),
    }),
    "Node handler": () => expectServer(workshop, (port) => program("serve-http.mjs", String(port))),
    "client over HTTP": () => expectClient(workshop, (url) => output("connect-http.mjs", url)),
    "client over stdio": () =>
      expectExercised(output("connect-stdio.mjs", ...run, "serve-stdio.mjs")),
    "client in memory": () => expectExercised(output("connect-memory.mjs")),
  };
}
