/** The blocks of docs/from-fastmcp.md: both servers compile, and answer the same calls alike. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { createClient } from "lutra/client";
// @ts-expect-error -- a script without declarations
import { installPackage, root } from "../../../scripts/steps.mjs";
import { writeBlocksFor } from "../../../tools/docs-blocks.ts";
import { outputOf, type Program, withServer } from "../../runtimes/programs.ts";
import { versionOf } from "../../runtimes/project.ts";
import { resultsOf } from "../library-results.ts";
import type { Check } from "./check.ts";

const page = "docs/from-fastmcp.md";
const folder = join(root, ".lutra/installed-docs");
const blocks = join(folder, "blocks/from-fastmcp");

/** Starts the server of a block whose module exports it, on the port of the first argument. */
const starts = {
  "start-fastmcp.ts": `import { server } from "./fastmcp.ts";
await server.start({ transportType: "httpStream", httpStream: { port: Number(process.argv[2]) } });
`,
  "start-library.ts": `import { serveHttp } from "lutra/node";
import library from "./library.ts";
await serveHttp(library, { port: Number(process.argv[2]) });
`,
};

/** Installs FastMCP, and returns the checks. */
export async function fastmcpChecks(): Promise<readonly Check[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
  await installPackage("installing FastMCP", folder, "fastmcp@4.20.16", "zod@4");
  writeBlocksFor(root, "test:docs", join(folder, "blocks"));
  for (const [name, text] of Object.entries(starts)) writeFileSync(join(blocks, name), text);
  const version = `fastmcp ${versionOf(folder, "fastmcp")}`;
  const check = (title: string, run: () => Promise<void>): Check => ({
    page,
    title,
    run: () => run().then(() => version),
  });
  return [
    check("the blocks of both sides compile", compile),
    check("both servers answer the same calls, with the stated differences", compareAnswers),
    check("both servers refuse a caller without the token", compareTokens),
  ];
}

/** Compiles as a reader would, without the settings of this repository. */
async function compile(): Promise<void> {
  const compilerOptions = {
    module: "nodenext",
    target: "es2023",
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    types: ["node"],
  };
  writeFileSync(join(blocks, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  await outputOf({ command: [process.execPath, tsc, "-p", blocks], cwd: blocks });
}

async function compareAnswers(): Promise<void> {
  const [lutra, fastmcp] = [
    await answersOf("start-library.ts"),
    await answersOf("start-fastmcp.ts"),
  ];
  const unknown = "No book is called Emma";
  expectEqual(lutra.unknown.content, [{ type: "text", text: unknown }]);
  // "Differences in behaviour" of the page names these.
  const expected = { ...lutra, missing: -32603 };
  expectEqual(fastmcp, expected);
}

async function answersOf(start: string) {
  return withServer(
    (port) => program(start, String(port)),
    async (origin) => {
      const { results, close } = await resultsOf(`${origin}/mcp`);
      await close();
      return results;
    },
  );
}

/** Runs the blocks of "Serving and authentication", which listen on the port 3000. */
async function compareTokens(): Promise<void> {
  const token = "a".repeat(44);
  const env = { ANA_TOKEN: token };
  for (const name of ["fastmcp-serve.ts", "serve.ts"]) {
    await withServer(
      (port) => ({ ...program(onPort(name, port)), env }),
      async (origin) => {
        const url = `${origin}/mcp`;
        const refused = createClient(url);
        await refused.discover().then(
          () =>
            Promise.reject(new Error(`${name}: expected a caller without a token to be refused`)),
          (error: { status?: unknown }) => expectEqual([name, error.status], [name, 401]),
        );
        await refused.close();
        const client = createClient(url, { headers: { authorization: `Bearer ${token}` } });
        await client.discover();
        await client.close();
      },
    );
  }
}

/** Writes a copy of a block that listens on another port. */
function onPort(name: string, port: number): string {
  const text = readFileSync(join(blocks, name), "utf8");
  writeFileSync(join(blocks, `port-${name}`), text.replace("port: 3000", `port: ${port}`));
  return `port-${name}`;
}

function program(...args: readonly string[]): Program {
  return { command: [process.execPath, "--import", "tsx", ...args], cwd: blocks };
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value, undefined, 1));
  throw new Error(`expected ${wanted}, got ${got}`);
}
