import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { compiled } from "../../../../../test/compiled.ts";
import { spawnCommand } from "./spawn-command.ts";

const difficult = ["two words", '"quoted"', "$HOME", "%PATH%", "*", "a&b", "c\\"];

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lutra-spawn-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("passes arguments unchanged, without a shell", async () => {
  const print = "console.log(JSON.stringify(process.argv.slice(1)))";
  const child = spawnCommand({ command: process.execPath, args: ["-e", print, ...difficult] });
  const output = text(child.stdout);
  await once(child, "close");
  expect(JSON.parse(await output)).toEqual(difficult);
});

/** Returns the command line on Windows, with `name` in the only folder of the PATH. */
function onWindows(name: string, command: string, args: readonly string[]) {
  writeFileSync(join(folder, name), "");
  const program = new URL("fixtures/spawn-arguments.ts", import.meta.url);
  return startedOnWindows(program, [command, ...args]);
}

/** Returns the command line that a fixture starts on Windows. */
function startedOnWindows(program: URL, args: readonly string[]) {
  const windows = fileURLToPath(new URL("fixtures/simulated-windows.cjs", import.meta.url));
  const env = { PATH: folder, PATHEXT: ".EXE;.CMD", COMSPEC: "cmd.exe" };
  const node = ["--require", windows, compiled(program), ...args];
  return JSON.parse(execFileSync(process.execPath, node, { env, encoding: "utf8" }));
}

it("runs a script such as npx with cmd.exe on Windows, with every argument escaped", () => {
  const started = onWindows("npx.CMD", "npx", ["-y", "two words", "a&b", "%PATH%"]);
  expect(started.command).toBe("cmd.exe");
  expect(started.args).toEqual([
    "/d",
    "/s",
    "/c",
    '"npx ^"-y^" ^"two^ words^" ^"a^&b^" ^"^%PATH^%^""',
  ]);
  expect(started.options).toMatchObject({ windowsVerbatimArguments: true, windowsHide: true });
});

it("starts a program without cmd.exe on Windows", () => {
  const started = onWindows("server.EXE", "server", difficult);
  expect(started).toMatchObject({ command: "server", args: difficult });
});

it("starts no detached process on Windows, which would open a window", () => {
  expect(onWindows("server.EXE", "server", []).options).toMatchObject({ detached: false });
});

it("ends the tree of a process on Windows", () => {
  const program = new URL("fixtures/signal-group.ts", import.meta.url);
  expect(startedOnWindows(program, ["123"])).toMatchObject({
    command: "taskkill",
    args: ["/pid", "123", "/t", "/f"],
  });
});
