/** The programs of the README's first screen run as they are, but for the port. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { callTool } from "../cli/http.ts";
import { endLutra, runLutra, startLutra, untilListening } from "../cli/run-lutra.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const shownUrl = "http://127.0.0.1:3000/mcp";
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

/** Returns the code block of a document that begins with a text. */
function blockOf(page: string, start: string): string {
  const blocks = [...readFileSync(join(root, page), "utf8").matchAll(/^```\w+\n(.*?)^```$/gms)];
  const found = blocks.map(([, text = ""]) => text).find((text) => text.startsWith(start));
  if (found === undefined) throw new Error(`${page}: no block begins with ${start}`);
  return found;
}

const folder = fileURLToPath(new URL("../../examples/readme/", import.meta.url));

/** Runs client.ts with the command of README.md, for a server at another URL. */
async function runClient(url: string): Promise<string> {
  const program = readFileSync(`${folder}client.ts`, "utf8");
  const [shown] = program.match(/http:\/\/[^"]+/) ?? [];
  expect(shown).toBe(shownUrl);
  const [, command = ""] =
    /Run it with `node (.+?)`/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  expect(command).toContain("client.ts");
  const project = temporaryProject();
  writeFileSync(join(project, "client.ts"), program.replace(shown ?? "", url));
  const child = spawn(process.execPath, command.split(" "), {
    cwd: project,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child, "close");
  return output;
}

/** Creates a folder in which the packages of this repository are found. */
function temporaryProject(): string {
  mkdirSync(join(root, ".lutra"), { recursive: true });
  const project = mkdtempSync(join(root, ".lutra/readme-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  return project;
}

it.each([
  ["one process", ["serve"]],
  ["a fleet", ["up", "--replicas", "2"]],
])("the client calls the server, served by %s", async (_what, command) => {
  const { url } = await startLutra(...command, `${folder}server.ts`);
  expect(await runClient(url)).toBe("3\n");
});

it.skipIf(!hasCurl).each(["README.md", "packages/create-lutra/template/base/README.md"])(
  "the curl command of %s calls the server (needs curl)",
  async (page) => {
    const lutra = await startLutra("serve", `${folder}server.ts`);
    const command = blockOf(page, "curl").replace(shownUrl, lutra.url);
    const { stdout } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
    expect(JSON.parse(stdout).result.structuredContent).toEqual({ sum: 3 });
    await endLutra(lutra);
  },
);

it("the gateway of README.md prints nothing but its addresses and its replicas", async () => {
  const project = temporaryProject();
  copyFileSync(`${folder}server.ts`, join(project, "server.ts"));
  const ports = "listen: { port: 0 }\nadmin: { port: 0 }\n";
  writeFileSync(join(project, "gateway.yaml"), ports + blockOf("README.md", "# gateway.yaml"));
  const gateway = await untilListening(runLutra("gateway", join(project, "gateway.yaml")));
  expect((await callTool(gateway.url, "add", { arguments: { a: 1, b: 2 } })).status).toBe(200);
  const printed = [...gateway.stderr];
  await endLutra(gateway);
  const expected =
    /^lutra: (?:calculator: replica \d is ready, pid \d+|(?:health and metrics|console) on http:\S+)$/;
  expect(printed.filter((line) => !expected.test(line))).toEqual([]);
  expect(printed).toHaveLength(5);
});

it("a server as in .vscode/mcp.json and .mcp.json answers over stdio", async () => {
  const texts = [blockOf("README.md", '{\n  "servers"'), blockOf("README.md", '{\n  "mcpServers"')];
  for (const { servers, mcpServers } of texts.map((text) => JSON.parse(text))) {
    const { command, args } = (servers ?? mcpServers).calculator;
    expect([command, args[0]]).toEqual(["npx", "lutra"]);
    const words = args.slice(1).map((word: string) => word.replace(/^server/, `${folder}server`));
    const lutra = runLutra(...words);
    lutra.child.stdin?.end(
      `${JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/list",
        params: {
          _meta: {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
          },
        },
      })}\n`,
    );
    await lutra.closed;
    expect(JSON.parse(lutra.stdout[0] ?? "").result.tools).toMatchObject([{ name: "add" }]);
  }
});
