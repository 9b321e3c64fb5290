/** The commands that are clients: their targets, their output and their exit codes. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runLutra, startLutra } from "./run-lutra.ts";

const everything = fileURLToPath(
  new URL(
    "../../node_modules/@modelcontextprotocol/server-everything/dist/index.js",
    import.meta.url,
  ),
);

type Words = (string | { readonly [variable: string]: string })[];

/** Runs the command to its end. Its input is empty. */
async function lutra(...words: Words) {
  const { child, stdout, stderr, exited, closed } = runLutra(...words);
  child.stdin?.end();
  await closed;
  return { code: await exited, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
}

let url = "";
beforeAll(async () => {
  url = (await startLutra("serve", "client-server.ts")).url;
});

const sum = "  sum     3\n  exact   false\n  labels";
const named = { FIXTURE_NODE: process.execPath };

describe("the target of lutra call", () => {
  it.each([
    ["a URL", () => ["call", url, "add", "--a", "1", "--b", "2"]],
    ["a module", () => ["call", "client-server.ts", "add", "--a", "1", "--b", "2"]],
    [
      "a program",
      () => [
        ...["call", "add", "--a", "1", "--b", "2", "--", process.execPath],
        ...["--import", "tsx", "stdio-server.ts"],
      ],
    ],
    [
      "a name in a file",
      () => ["call", "fixture", "add", "--a", "1", "--b", "2", "--config", "named-servers.jsonc"],
    ],
  ])("is %s", async (_form, words) => {
    expect(await lutra(...words(), named)).toEqual({ code: 0, stdout: sum, stderr: "" });
  });

  it.each([
    ["unknown-name", "unknown server unknown-name; expected a URL that begins with http, "],
    ["remot", "unknown server remot; did you mean remote?"],
    ["asks", "asks: expected a value for input:port; set it in the environment"],
    ["empty", "empty: expected url or command"],
  ])("is refused with 2 for the name %s", async (name, message) => {
    const { code, stderr } = await lutra("call", name, "add", "--config", "named-servers.jsonc");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it("sends the headers of --header and of the file, and no credentials elsewhere", async () => {
    const { url: guarded } = await startLutra("serve", "client-server.ts", {
      LUTRA_TOKENS: "ann 0123456789abcdef0123456789abcdef",
    });
    const token = "0123456789abcdef0123456789abcdef";
    const words = [
      "call",
      "remote",
      "add",
      "--a",
      "1",
      "--b",
      "2",
      "--config",
      "named-servers.jsonc",
    ];
    const env = { FIXTURE_URL: guarded };
    expect((await lutra(...words, env)).code).not.toBe(0);
    expect(await lutra(...words, { ...env, FIXTURE_TOKEN: token })).toMatchObject({ code: 0 });
    const line = `Authorization: Bearer ${token}`;
    expect(await lutra("list", guarded, "tools", "-H", line)).toMatchObject({ code: 0 });
    const refused = await lutra("list", "client-server.ts", "-H", line);
    expect(refused).toMatchObject({ code: 2, stderr: expect.not.stringContaining(token) });
  });
});

describe("the arguments of lutra call", () => {
  it("have the types of the tool's schema; a repeated one is an array", async () => {
    const words = ["--a", "-1", "--b=2.5", "--labels", "x", "--labels", "y", "--exact", "--json"];
    const { stdout } = await lutra("call", url, "add", ...words);
    expect(JSON.parse(stdout).structuredContent).toEqual({ sum: 1.5, exact: true, labels: "x+y" });
  });

  it("can come from standard input as JSON", async () => {
    const { child, stdout, closed } = runLutra("call", url, "add", "--args", "-", "--b", "2");
    child.stdin?.end('{"a": 1, "json": "kept"}');
    await closed;
    expect(stdout.join("\n")).toBe(sum);
  });

  it.each([
    ["--a one --b 2", "add: --a one: expected a number; --help shows the arguments"],
    ["--a 1", "add: missing --b NUMBER; --help shows the arguments"],
    ["--a 1 --b 2 --lables x", "add: unknown argument --lables; did you mean --labels?"],
    ["--a 1 --b 2 --unit mile", "add: unit: "],
    ["--a 1 --b", "add: --b requires a value"],
    ["--args [1]", "--args: expected a JSON object"],
    ['{"a":1}', "arguments of a tool are options, such as --name value, or JSON after --args"],
  ])("are refused before the call: %s", async (words, message) => {
    const { code, stdout, stderr } = await lutra("call", url, "add", ...words.split(" "));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
  });

  it("are shown by --help with their types", async () => {
    const { stdout } = await lutra("call", "--help", url, "add");
    expect(stdout).toContain(`Usage: lutra call ${url} add --a NUMBER --b NUMBER [--labels TEXT]`);
    expect(stdout).toContain("  --a NUMBER     The first number (required)\n");
    expect(stdout).toContain("  --unit TEXT    (one of m, km)\n");
  });
});

describe("the exit code of lutra call", () => {
  it.each([
    ["3 for a tool that failed", ["fail"], 3, "lutra: the tool failed: no such city"],
    ["2 for an unknown tool", ["ad"], 2, "lutra: unknown tool ad; did you mean add?"],
  ])("is %s", async (_name, words, code, message) => {
    expect(await lutra("call", url, ...words)).toEqual({ code, stdout: "", stderr: message });
  });

  it("is 4 for a request that the server refuses, with the code in JSON", async () => {
    const refused = await lutra("read", url, "fixture://unknown", "--json");
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.stdout).error).toMatchObject({ kind: "protocol", code: -32602 });
  });

  it("is 5 for a server that can't be reached", async () => {
    const unreachable = await lutra("list", "http://127.0.0.1:9/mcp", "--json");
    expect(unreachable.code).toBe(5);
    expect(JSON.parse(unreachable.stdout).error).toMatchObject({ kind: "transport" });
  });

  it("is 4 for a server that requires credentials, with the options that send some", async () => {
    const { url: guarded } = await startLutra("serve", "client-server.ts", {
      LUTRA_TOKENS: "ann 0123456789abcdef0123456789abcdef",
    });
    const { code, stderr } = await lutra("list", guarded);
    expect(code).toBe(4);
    expect(stderr).toContain('--header "Authorization: Bearer ..."');
    expect(stderr).toContain(`lutra login ${guarded} and pass --as default`);
  });

  it("is 5 for a program that does not start, with its last output", async () => {
    const program = [process.execPath, "-e", "console.error('no key'); process.exit(1)"];
    const { code, stderr } = await lutra("list", "--", ...program);
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining("no key") });
  });

  it("is 130 for a call that a signal cancels, and the call ends at the server", async () => {
    const call = runLutra("call", "client-server.ts", "wait");
    await call.line(/^fixture: waiting/);
    call.child.kill("SIGINT");
    await call.line(/^fixture: aborted/);
    expect(await call.exited).toBe(130);
  });

  it("is 141 when the reader of the output has closed it", async () => {
    const { child, exited, line } = runLutra("watch", url, "fixture://note", "--json");
    await line(/^lutra: watching for changes/);
    child.stdout?.destroy();
    await lutra("call", url, "change");
    expect(await exited).toBe(141);
  });
});

describe("the output of the commands", () => {
  it("lists what a server offers", async () => {
    const { stdout } = await lutra("list", url);
    expect(stdout).toContain(
      "client-fixture 1.0.0  2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05\n\nBegin with add.\n\nTools\n",
    );
    expect(stdout).toContain("--a NUMBER --b NUMBER [--labels TEXT]");
    expect(stdout).toContain("Resource templates\n  city://{country}/{name}  city\n");
    const { stdout: json } = await lutra("list", url, "prompts", "--json");
    expect(JSON.parse(json)).toMatchObject({
      server: { name: "client-fixture", version: "1.0.0" },
      era: "modern",
      prompts: [{ name: "plan" }],
    });
  });

  it("lists the names in a file, without the values of variables", async () => {
    const { stdout } = await lutra("list", "--config", "named-servers.jsonc", named);
    expect(stdout).toMatch(/^ {2}fixture +\$\{FIXTURE_NODE\} --import tsx stdio-server.ts/);
    expect(stdout).not.toContain(process.execPath);
  });

  it("writes images to files, and never over an existing one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lutra-save-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const number of [1, 2]) {
      const { stdout } = await lutra("call", url, "picture", "--save", folder);
      const file = join(folder, `image-${number}.png`);
      expect(stdout).toBe(`image/png, 4 B: ${file}`);
      expect([...readFileSync(file)]).toEqual([137, 80, 78, 71]);
    }
    expect(existsSync(join(folder, "image-3.png"))).toBe(false);
  });

  it("writes a binary resource as bytes to a pipe", async () => {
    const { child, closed } = runLutra("read", url, "fixture://chart");
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    await closed;
    expect([...Buffer.concat(chunks)]).toEqual([137, 80, 78, 71]);
  });

  it("has text, messages and completions of a server", async () => {
    expect((await lutra("read", url, "fixture://note")).stdout).toBe("A note");
    const prompt = await lutra("prompt", url, "plan", "--city", "Lisbon", "--tone", "short");
    expect(prompt.stdout).toBe("user:\nPlan a short trip to Lisbon");
    const template = "city://{country}/{name}";
    const completed = await lutra("complete", url, template, "name", "L", "--given", "country=pt");
    expect(completed.stdout).toBe("Lisbon\nLagos");
  });

  it("prints changes as they happen, until a signal", async () => {
    const watch = runLutra("watch", url, "fixture://note");
    await watch.line(/^lutra: watching for changes/);
    await lutra("call", url, "change");
    await watch.line(/^\d\d:\d\d:\d\d {2}updated: fixture:\/\/note$/);
    watch.child.kill("SIGINT");
    expect(await watch.exited).toBe(0);
  });
});

describe("a call that becomes a task", () => {
  it("is followed to its end, and its question declined without a terminal", async () => {
    const { code, stdout, stderr } = await lutra("call", url, "job");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "the answer was decline" });
    expect(stderr).toMatch(/^lutra: the call is now a task: \S+\n/);
    expect(stderr).toContain("asked: Go?; declined, because there is no terminal to answer in");
  });

  it("can be left, shown, and cancelled", async () => {
    const { stdout: id } = await lutra("call", url, "job", "--detach");
    expect(id).toMatch(/^\S{16,}$/);
    const state = await lutra("task", url, id, "--state", "--json");
    expect(JSON.parse(state.stdout)).toMatchObject({ taskId: id });
    expect(await lutra("task", url, id, "--cancel")).toMatchObject({ code: 0 });
    expect(await lutra("task", url, id)).toMatchObject({ code: 3, stdout: "" });
  });
});

describe("a server of an earlier revision", () => {
  const program = ["--", process.execPath, everything, "stdio"];

  it("is served by the same commands", async () => {
    const called = await lutra("call", "get-sum", "--a", "2", "--b", "5", ...program);
    expect(called).toEqual({ code: 0, stdout: "The sum of 2 and 5 is 7.", stderr: "" });
    const listed = JSON.parse((await lutra("list", "tools", "--json", ...program)).stdout);
    expect(listed).toMatchObject({ era: "legacy", supportedVersions: ["2025-11-25"] });
    const asked = await lutra("call", "trigger-elicitation-request", ...program);
    expect(asked.stdout).toContain("User declined");
  });

  it("can be required with --era", async () => {
    const { code, stderr } = await lutra("list", "tools", "--era", "2024-01-01", ...program);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining("era: expected one"),
    });
    const refused = await lutra("list", "tools", "--era", "modern", ...program);
    expect(refused.code).not.toBe(0);
  });
});
