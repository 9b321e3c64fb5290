/** The programs of docs/frameworks.md, run as they are printed. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { pathToFileURL } from "node:url";
import type { FetchHandler } from "lutra/http";
import { expect, it, onTestFinished, vi } from "vitest";
import { compiled } from "../compiled.ts";
import { freePort } from "../stores/free-port.ts";
import { expectSum, writeRecipe } from "./recipe.ts";

it.each([
  ["express.ts"],
  ["express.ts", "with Express 4", (text: string) => text.replace('"express"', '"express4"')],
  ["fastify.ts"],
  ["hono.ts"],
])("%s serves /mcp on this machine %s", async (name, _with = "", change = String) => {
  const port = await freePort();
  const file = writeRecipe(name, (text) => change(text).replaceAll("3000", String(port)));
  const program = spawn(process.execPath, [compiled(pathToFileURL(file))], { stdio: "inherit" });
  onTestFinished(async () => {
    program.kill();
    await once(program, "exit");
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  await vi.waitUntil(() => fetch(url).catch(() => undefined), { timeout: 30_000 });
  await expectSum(url);
  // A page on another host can resolve its name to this machine.
  expect(await statusFor(url, "evil.example.com")).toBe(403);
});

async function statusFor(url: string, host: string): Promise<number | undefined> {
  const request = httpRequest(url, { method: "POST", headers: { host } }).end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

interface Recipe {
  readonly default: { readonly fetch: FetchHandler };
  readonly POST: FetchHandler;
}

it.each([
  ["hono-edge.ts", (recipe: Recipe) => recipe.default.fetch],
  ["fetch.ts", (recipe: Recipe) => recipe.default.fetch],
  ["route.ts", (recipe: Recipe) => recipe.POST],
])("%s answers a Request", async (name, handlerOf) => {
  const handler = handlerOf(await import(writeRecipe(name)));
  await expectSum("https://mcp.example.com/mcp", async (request) => handler(request));
});
