/** Cloudflare Workers, in their runtime workerd. */
import { join } from "node:path";
import { build } from "esbuild";
import { type Program, withServer } from "./programs.ts";
import { versionOf } from "./project.ts";
import {
  bodyOf,
  expectClient,
  expectExercised,
  expectServer,
  nodeProgram,
  type Subject,
  type Workshop,
} from "./subject.ts";

export async function workerSubject(workshop: Workshop): Promise<Subject> {
  const folder = await workshop.projects.create("workers", { miniflare: "4.20260730.0" });
  const serve = await serverOf(folder, "fetch.mjs");
  const call = await serverOf(folder, "worker-client.mjs");
  return {
    name: "Workers (workerd)",
    version: versionOf(folder, "workerd"),
    checks: {
      "fetch handler": () => expectServer(workshop, serve, "/"),
      "client over HTTP": () =>
        expectClient(workshop, (url) =>
          withServer(call, (origin) => bodyOf(`${origin}/?target=${encodeURIComponent(url)}`)),
        ),
      "client in memory": () => withServer(call, (origin) => expectExercised(bodyOf(`${origin}/`))),
    },
  };
}

/** Bundles a module as wrangler does; returns its program for a port. */
async function serverOf(folder: string, entry: string): Promise<(port: number) => Program> {
  const outfile = join(folder, `bundled-${entry}`);
  await build({
    entryPoints: [join(folder, entry)],
    outfile,
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    logLevel: "error",
  });
  return (port) => nodeProgram(folder, "run-worker.mjs", outfile, String(port));
}
