/** The programs of the README's first screen run as they are, but for the port. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startLutra } from "../cli/run-lutra.ts";

const folder = fileURLToPath(new URL("../../examples/readme/", import.meta.url));
const tsx = fileURLToPath(new URL("../../node_modules/tsx/dist/cli.mjs", import.meta.url));

async function runClient(url: string): Promise<string> {
  const program = readFileSync(`${folder}client.ts`, "utf8");
  const [shown] = program.match(/http:\/\/[^"]+/) ?? [];
  expect(shown).toBe("http://127.0.0.1:3000/mcp");
  const args = [tsx, "--input-type=module", "--eval", program.replace(shown ?? "", url)];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child, "close");
  return output;
}

it.each([
  ["one process", ["serve"]],
  ["a fleet", ["up", "--replicas", "2"]],
])("the client calls the server, served by %s", async (_what, command) => {
  const { url } = await startLutra(...command, `${folder}server.ts`);
  expect(await runClient(url)).toBe("3\n");
});
