/** The programs of docs/frameworks.md, written as files that can be compiled and imported. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "lutra/client";
import type { FetchHandler } from "lutra/http";
import { expect, onTestFinished } from "vitest";
import type calculator from "../../examples/readme/server.ts";
import { readBlocks } from "../../tools/docs-blocks.ts";

const root = join(import.meta.dirname, "../..");
const blocks = readBlocks(root).filter(({ path }) => path === "docs/frameworks.md");

/**
 * Writes a program of the page into a folder of its own, beside the server of the README. Returns
 * its file, which exists until the end of the test.
 */
export function writeRecipe(name: string, change: (text: string) => string = String): string {
  const block = blocks.find((one) => one.name === name);
  if (block === undefined) throw new Error(`docs/frameworks.md: expected a block ${name}`);
  const text = change(block.text);
  const folder = join(root, ".lutra/frameworks", `${recipes++}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const server = readFileSync(join(root, "examples/readme/server.ts"), "utf8");
  writeFileSync(join(folder, "server.ts"), server);
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

let recipes = 0;

/** Calls the server of the README over HTTP, or by a handler. */
export async function expectSum(url: string, handler?: FetchHandler): Promise<void> {
  const client = createClient<typeof calculator>(url, {
    ...(handler && { fetch: (input, init) => handler(new Request(input, init)) }),
  });
  const { structuredContent } = await client.callTool("add", { a: 1, b: 2 });
  expect(structuredContent).toEqual({ sum: 3 });
  await client.close();
}
