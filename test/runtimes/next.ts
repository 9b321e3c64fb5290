/** Next.js: route handlers, an API route of the Pages Router, and clients in a route. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readBlocks } from "../../tools/docs-blocks.ts";
import { outputOf, type Program, withServer } from "./programs.ts";
import {
  bodyOf,
  expectClient,
  expectExercised,
  expectServer,
  type Subject,
  type Workshop,
} from "./subject.ts";

const versions = { "15": "15.5.29", "16": "16.4.6" } as const;

export async function nextSubject(
  workshop: Workshop,
  major: keyof typeof versions,
): Promise<Subject> {
  const folder = await workshop.projects.create(`next-${major}`, {
    next: versions[major],
    react: "19.3.1",
    "react-dom": "19.3.1",
    typescript: "5.9.3",
    "@types/node": "22.18.0",
    "@types/react": "19.2.0",
    zod: "4.6.7",
  });
  cpSync(join(import.meta.dirname, "fixtures/next"), folder, { recursive: true });
  writeRecipe(folder);
  const next = (...args: readonly string[]): Program => ({
    command: [process.execPath, join(folder, "node_modules/next/dist/bin/next"), ...args],
    cwd: folder,
    env: { NEXT_TELEMETRY_DISABLED: "1" },
  });
  await outputOf(next("build"));
  const serve = (port: number) => next("start", "--hostname", "127.0.0.1", "--port", String(port));
  return {
    name: "Next.js",
    version: versions[major],
    checks: {
      "fetch handler": () => expectServer(workshop, serve, "/mcp"),
      "Node handler": () => expectServer(workshop, serve, "/api/mcp"),
      "client over HTTP": () =>
        expectClient(workshop, (url) =>
          withServer(serve, (origin) =>
            bodyOf(`${origin}/client?target=${encodeURIComponent(url)}`),
          ),
        ),
      "client in memory": () =>
        withServer(serve, (origin) => expectExercised(bodyOf(`${origin}/client`))),
    },
  };
}

/** Adds the route of docs/frameworks.md, so that the build checks its types. */
function writeRecipe(folder: string): void {
  const blocks = readBlocks(join(import.meta.dirname, "../.."));
  const recipe = blocks.find(({ path, name }) => {
    return path === "docs/frameworks.md" && name === "route.ts";
  });
  if (recipe === undefined) throw new Error("docs/frameworks.md: expected a block route.ts");
  mkdirSync(join(folder, "app/recipe"), { recursive: true });
  writeFileSync(join(folder, "app/recipe/route.ts"), recipe.shown);
}
