/** Runs the programs of examples/deployment, as its containers do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "lutra/client";
import { expect, onTestFinished } from "vitest";
import { type RunningServer, runNodeIn, untilListening } from "../cli/run-lutra.ts";

export const root = join(import.meta.dirname, "../..");
export const folder = join(root, "examples/deployment");
/** The credential of the caller of `itemsOf`. */
export const token = "t".repeat(32);

export const cli = "node_modules/@lutra/cli/bin/lutra.js";

/** Packages are installed in the root of this repository. */
export function installed(word: string): string {
  return word === cli ? join(root, word) : word;
}

export function startProgram(
  program: { readonly command?: readonly string[] } | undefined,
  env: { readonly [name: string]: string },
): Promise<RunningServer> {
  const [node, ...args] = program?.command ?? [];
  expect(node).toBe("node");
  return untilListening(runNodeIn(folder, ...args.map(installed), env));
}

export function secretsFolder(secrets: { readonly [name: string]: string }): string {
  const path = mkdtempSync(join(tmpdir(), "lutra-deployment-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(secrets)) {
    writeFileSync(join(path, name), `${text}\n`, { mode: 0o600 });
  }
  return path;
}

/** Starts a list, adds an item, and adds and removes another; returns the items before that. */
export async function itemsOf(url: string): Promise<unknown> {
  const client = createClient(url, {
    headers: { authorization: `Bearer ${token}` },
    onElicit: () => ({ action: "accept", content: { sure: true } }),
  });
  const started = await client.callTool("start_list");
  const { list_id } = started.structuredContent as { list_id: string };
  const added = await client.callTool("add_item", { list_id, item: "tea" });
  const cleared = await client.callTool("clear_list", { list_id });
  expect(cleared.content).toEqual([{ type: "text", text: "The list is empty" }]);
  await client.close();
  return (added.structuredContent as { items: unknown }).items;
}
