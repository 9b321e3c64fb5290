/** Parses the code blocks of the documents, and runs those that need no other machine. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { serveHttp } from "lutra/node";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Command, parseCommandLine } from "../../packages/cli/src/command-line.ts";
import { commands } from "../../packages/cli/src/commands.ts";
import { findCommand } from "../../packages/cli/src/find-command.ts";
import { main as runLutra } from "../../packages/cli/src/main.ts";
import { loadConfig } from "../../packages/gateway/src/config/load.ts";
import { createAuthority, hasOpenSSL } from "../../packages/gateway/src/fixtures/certificates.ts";
import { type Block, fileOf, isCheckedHere, writeBlocks } from "../../tools/docs-blocks.ts";

const root = join(import.meta.dirname, "../..");
const blocks = writeBlocks(root);
const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const shownUrl = "http://127.0.0.1:3000/mcp";
const placeOf = ({ path, line }: Block) => `${path}:${line}`;

const ofLanguage = (language: string) =>
  blocks
    .filter((block) => block.language === language && isCheckedHere(block))
    .map((block) => ({ place: placeOf(block), block, file: join(root, fileOf(block)) }));

it("leaves out only what cannot be checked", () => {
  const left = blocks.filter(({ unchecked }) => unchecked !== undefined);
  expect(left.map(({ path, unchecked }) => `${path}: ${unchecked}`)).toEqual([
    "docs/cli.md: needs a running server",
    "docs/cli.md: runs until it is stopped",
    "docs/cli.md: needs running servers",
    "docs/compatibility.md: needs a running gateway",
    "docs/console.md: needs a running server",
    "docs/deployment.md: needs a Kubernetes cluster",
    "docs/deployment.md: needs a Kubernetes cluster",
    "docs/tasks.md: runs until it is stopped",
    "packages/create-lutra/README.md: needs the published package; test/create runs the program",
  ]);
});

it("leaves to other commands only what needs more packages", () => {
  const left = blocks.filter(({ command }) => command !== undefined);
  expect(left.map(({ path, command }) => `${path}: ${command}`)).toEqual([
    "README.md: test:docs",
    "docs/agents.md: test:langchain",
    "docs/deployment.md: test:image",
    "docs/from-fastmcp.md: test:docs",
    "docs/from-fastmcp.md: test:docs",
  ]);
  expect(scripts).toMatchObject(
    Object.fromEntries(left.map(({ command = "" }) => [command, expect.any(String)])),
  );
});

describe("gateway configurations", () => {
  const environment = {
    LUTRA_KEY: Buffer.alloc(32).toString("base64"),
    WIKI_TOKEN: "t",
    ANA_TOKEN: "a".repeat(44),
    BOT_TOKEN: "b".repeat(44),
    GATEWAY_SECRET: "g".repeat(44),
    GATEWAY_KEY: Buffer.alloc(32, 1).toString("base64"),
    TICKETS_SECRET: "t".repeat(44),
  };

  const configurations = ofLanguage("yaml");
  const hasTls = ({ block }: { readonly block: Block }) => block.shown.includes("tls/");

  it.each(configurations.filter((one) => !hasTls(one)))("$place is valid", expectValid);

  it.skipIf(!hasOpenSSL).each(configurations.filter(hasTls))(
    "$place is valid (needs openssl)",
    async ({ file }) => {
      writeCertificates(join(dirname(file), "tls"));
      await expectValid({ file });
    },
  );

  async function expectValid({ file }: { readonly file: string }) {
    const { config } = await loadConfig(file, { environment });
    expect(Object.keys(config.upstreams)).not.toEqual([]);
  }

  /** Writes the files that the configurations name. */
  function writeCertificates(folder: string) {
    const { ca, issue } = createAuthority();
    const [server, client] = [issue("server"), issue("client")];
    mkdirSync(folder, { recursive: true });
    copyFileSync(ca, join(folder, "internal-ca.pem"));
    copyFileSync(server.cert, join(folder, "fullchain.pem"));
    copyFileSync(server.key, join(folder, "key.pem"));
    copyFileSync(client.cert, join(folder, "client.pem"));
    copyFileSync(client.key, join(folder, "client-key.pem"));
  }
});

describe("shell commands", () => {
  const lines = ofLanguage("sh").flatMap(({ place, block, file }) =>
    block.shown
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/\s+#.*$/, "").trim())
      .filter((line) => line !== "")
      .map((line) => ({ place, line, file })),
  );

  it.each(lines)("$place: $line", async ({ line, file }) => {
    const [program, ...words] = line.split(" ");
    if (program === "npm") return expectNpm(words);
    if (program === "export") return expect(words).toEqual([expect.stringMatching(/^[A-Z_]+=\S/)]);
    // test/examples/readme.test.ts runs it.
    if (program === "curl") return expect(words[0]).toBe(shownUrl);
    expect([program, words[0]]).toEqual(["npx", "lutra"]);
    const { command, args } = await findCommand(commands, words.slice(1));
    if (command.hasTarget) return expectParsed(command, args);
    expect(await lutra(commandOf(words.slice(1), file))).toMatchObject({ code: 0 });
  });

  /** Commands that call a server are parsed, and not run. */
  async function expectParsed(command: Command, args: readonly string[]) {
    const redirected = args.indexOf(">");
    const own = redirected < 0 ? args : args.slice(0, redirected);
    expect(await parseCommandLine(command, own)).toBeDefined();
  }

  function expectNpm([command = "", ...rest]: readonly string[]) {
    const ofNpm = ["create", "init", "install", "pkg"];
    if (ofNpm.includes(command)) return expect(rest).not.toEqual([]);
    return expect(scripts).toHaveProperty([command === "run" ? (rest[0] ?? "") : command]);
  }

  /** Commands that only read a configuration run as they are; of others the options are parsed. */
  function commandOf(words: readonly string[], file: string): readonly string[] {
    const isRead = words[0] === "gateway" && ["check", "routes", "export"].includes(words[1] ?? "");
    if (!isRead) return [...words, "--help"];
    return words.map((word) => (word === "gateway.yaml" ? join(file, "..", word) : word));
  }

  async function lutra(words: readonly string[]) {
    const errors: string[] = [];
    const log = vi.spyOn(console, "log").mockReturnValue();
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const error = vi.spyOn(console, "error").mockImplementation((line) => errors.push(line));
    onTestFinished(() => [log, write, error].forEach((spy) => void spy.mockRestore()));
    return { code: await runLutra(words), errors };
  }
});

it("contain only JSON that can be parsed", () => {
  const texts = ofLanguage("json").map(({ block }) => block.text);
  expect(() => texts.map((text) => JSON.parse(text))).not.toThrow();
});

describe("programs", () => {
  /** A use of these needs a reader's own code, another machine, a test runner or a terminal. */
  const needsMore =
    /\bdeclare\b|serveHttp|\.listen\(|\bserve\(|https?:\/\/|postgres:|command:|serveStdio|"vitest"|"node:test"/;
  const programs = ofLanguage("ts").filter(({ block }) => !needsMore.test(block.text));

  it.each(programs)("$place runs", async ({ file }) => {
    await expect(import(file)).resolves.toBeDefined();
  });

  it("run on most pages", () => {
    const pages = new Set(programs.map(({ block }) => block.path));
    expect([...pages]).toEqual(
      expect.arrayContaining([
        "README.md",
        "docs/cli.md",
        "docs/extending.md",
        "docs/server.md",
        "docs/stores.md",
        "docs/testing.md",
      ]),
    );
  });

  const clients = ofLanguage("ts").filter(({ block }) => {
    return block.shown.includes(`createClient<typeof server>("${shownUrl}")`);
  });

  it.each(clients)("$place calls the server of the README", async ({ file }) => {
    const server = await import(join(root, ".lutra/docs/README/server.ts"));
    const { url, close } = await serveHttp(server.default, { port: 0 });
    onTestFinished(close);
    const program = readFileSync(file, "utf8").replace(shownUrl, url);
    const copy = file.replace(/\.ts$/, ".run.ts");
    writeFileSync(copy, `${program}\nconsole.log(JSON.stringify(structuredContent));`);
    const { code, output } = await run("--import", "tsx", copy);
    expect([code, output.trim().split("\n").at(-1)]).toEqual([0, '{"sum":3}']);
  });

  it("covers the clients of the README and of docs/client.md", () => {
    const pages = clients.map(({ block }) => block.path);
    expect(pages).toEqual(expect.arrayContaining(["README.md", "docs/client.md"]));
  });
});

describe("tests for a runner", () => {
  const testsFor = (runner: string) =>
    ofLanguage("ts").filter(({ block }) => {
      return (
        /docs\/(?:testing|from-.*)\.md/.test(block.path) && block.shown.includes(`from "${runner}"`)
      );
    });

  it.each(testsFor("node:test"))("$place passes in node:test", async ({ file }) => {
    const { code, output } = await run("--import", "@lutra/cli/register", "--test", file);
    expect(output).toMatch(/^# pass 1$|^\S+ pass 1$/m);
    expect(code).toBe(0);
  });

  it.each(testsFor("vitest"))("$place passes in vitest", async ({ file }) => {
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    // Without a configuration there, vitest takes that of the repository.
    const config = join(dirname(file), "vitest.config.mjs");
    writeFileSync(config, "export default {};");
    const { code, output } = await run(vitest, "run", "--root", dirname(file), "--no-color");
    expect(output).toMatch(/Tests\s+1 passed/);
    expect(code).toBe(0);
  });

  it("exist for both", () => {
    expect([testsFor("node:test").length, testsFor("vitest").length]).toEqual([3, 1]);
  });
});

/** Runs Node in the root of the repository; its standard output and errors are joined. */
async function run(...args: readonly string[]) {
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: [...stdio] });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  }
  const [code] = await once(child, "close");
  return { code, output: chunks.join("") };
}
