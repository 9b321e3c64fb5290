/** Compares a server of the official SDK with the same server after `lutra migrate --write`. */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { migrate } from "@lutra/migrate";
import { type Client, createClient } from "lutra/client";
import { expect, it, onTestFinished } from "vitest";

const fixture = join(import.meta.dirname, "fixtures/official-notes.mjs");

/** Returns the results of one call of every feature. */
async function resultsOf(program: string) {
  const client = createClient(
    { command: process.execPath, args: [program] },
    { onElicit: () => ({ action: "accept", content: { sure: true } }) },
  );
  onTestFinished(() => client.close());
  const call = async (name: string, args: { readonly [name: string]: string } = {}) => {
    const { content, structuredContent, isError = false } = await client.callTool(name, args);
    return { content, structuredContent, isError };
  };
  const { tools } = await client.listTools();
  return {
    instructions: (await client.discover()).instructions,
    tools: tools.map(({ name, description, annotations }) => ({ name, description, annotations })),
    properties: tools.map(({ inputSchema }) => inputSchema.properties ?? {}),
    found: await call("find_note", { name: "tea" }),
    unknown: await call("find_note", { name: "coffee" }),
    count: await call("count_notes"),
    removed: await call("remove_note", { name: "tea" }),
    about: (await client.readResource("notes://about")).contents,
    note: (await client.readResource("notes://tea")).contents[0],
    prompts: (await client.listPrompts()).prompts.map(({ arguments: args = [] }) =>
      args.map(({ name, description, required = false }) => ({ name, description, required })),
    ),
    improve: (await client.getPrompt("improve", { name: "tea" })).messages,
    indexed: await progressOf(client),
  };
}

async function progressOf(client: Client): Promise<readonly unknown[]> {
  const steps: unknown[] = [];
  await client.callTool("index_notes", {}, { onProgress: (step) => void steps.push(step) });
  return steps;
}

/** Creates a folder below the repository, so that its programs find their packages. */
function cacheFolder(): string {
  const cache = join(import.meta.dirname, "../../node_modules/.cache/lutra");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "written-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it("a server with one of each feature answers the same calls alike", async () => {
  const folder = cacheFolder();
  const program = join(folder, "server.mjs");
  copyFileSync(fixture, program);
  const { written } = await migrate(folder, { write: true });
  expect(written).toEqual([{ file: "server.mjs", rewritten: 12, marked: 0 }]);
  expect(readFileSync(program, "utf8")).not.toContain("@modelcontextprotocol");

  const original = await resultsOf(fixture);
  expect(await resultsOf(program)).toEqual(original);
  expect(original).toMatchObject({
    found: { structuredContent: { text: "Buy tea" } },
    unknown: { isError: true, content: [{ type: "text", text: "No note is called coffee" }] },
    count: { content: [{ type: "text", text: "1 notes" }] },
    removed: { content: [{ type: "text", text: "Removed" }] },
  });
});

it("a server from npm answers the same calls alike, without further changes", async () => {
  const require = createRequire(import.meta.url);
  const name = "@modelcontextprotocol/server-sequential-thinking";
  const original = dirname(require.resolve(`${name}/package.json`));
  const folder = cacheFolder();
  cpSync(original, folder, { recursive: true });
  await migrate(folder, { write: true });
  const thoughts = async (parent: string) => {
    const env = { PATH: process.env.PATH ?? "", DISABLE_THOUGHT_LOGGING: "true" };
    const program = join(parent, "dist/index.js");
    const client = createClient({ command: process.execPath, args: [program], env });
    onTestFinished(() => client.close());
    const thought = { thought: "a", nextThoughtNeeded: "true", totalThoughts: 2 };
    const answers = [
      await client.callTool("sequentialthinking", { ...thought, thoughtNumber: 1 }),
      await client.callTool("sequentialthinking", { ...thought, thoughtNumber: "3" }),
      await client.callTool("sequentialthinking", { ...thought, thoughtNumber: 0 }),
    ];
    return answers.map(({ structuredContent, isError = false }) => ({
      structuredContent,
      isError,
    }));
  };
  const answers = await thoughts(folder);
  expect(answers).toEqual(await thoughts(original));
  expect(answers).toMatchObject([
    { structuredContent: { thoughtHistoryLength: 1 } },
    { structuredContent: { thoughtHistoryLength: 2, totalThoughts: 3 } },
    { isError: true },
  ]);
});
