import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.ts";
import { loadConfig } from "./load.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-config-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(name: string, text: string, environment: Record<string, string> = {}) {
  const file = join(folder, name);
  await writeFile(file, text);
  return loadConfig(file, { environment });
}

/** The problems as lines, without the folder. */
async function problemsOf(...file: Parameters<typeof load>): Promise<readonly string[]> {
  const error = await load(...file).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${error}`);
  return error.message.split("\n").map((line) => line.replace(`${folder}/`, ""));
}

const url = "http://127.0.0.1:1/mcp";

describe("a configuration file", () => {
  it.each([
    ["a.yaml", `upstreams:\n  a:\n    url: ${url}\n`],
    ["a.yml", `upstreams: { a: { url: "${url}" } }`],
    ["a.json", `{\n\t"upstreams": { "a": { "url": "${url}" } }\n}`],
    ["a.mjs", `export default { upstreams: { a: { url: "${url}" } } };`],
    ["a.mts", `export default { upstreams: { a: { url: "${url}" as string } } };`],
  ])("is read as %s and completed", async (name, text) => {
    const { config, file } = await load(name, text);
    expect(file).toBe(join(folder, name));
    expect(config.upstreams.a).toMatchObject({ url, balance: "round-robin" });
    expect(config.listen.port).toBe(3000);
    expect(config.routes).toEqual([{ to: "a", cache: true }]);
  });

  it("is imported by the given function", async () => {
    const file = join(folder, "given.ts");
    await writeFile(file, "");
    const importModule = async (path: string) => ({
      default: { name: path, upstreams: { a: { url } } },
    });
    expect((await loadConfig(file, { importModule })).config.name).toBe(file);
  });

  it("is imported again after a change", async () => {
    const text = (name: string) =>
      `export default { name: "${name}", upstreams: { a: { url: "${url}" } } };`;
    expect((await load("again.mjs", text("one"))).config.name).toBe("one");
    expect((await load("again.mjs", text("two"))).config.name).toBe("two");
  });

  it("has paths relative to the file", async () => {
    await writeFile(join(folder, "server.ts"), "");
    const { config } = await load(
      "paths.yaml",
      "upstreams: { a: { module: ./server.ts }, b: { command: [x], cwd: sub } }\nlog: { file: access.log }",
    );
    expect(config.upstreams.a?.module).toBe(join(folder, "server.ts"));
    expect(config.upstreams.b?.cwd).toBe(join(folder, "sub"));
    expect(config.log).toEqual({ file: join(folder, "access.log"), address: true });
  });
});

describe("an invalid configuration file", () => {
  it.each([
    [
      "with another extension",
      "a.toml",
      "",
      [/a\.toml: expected a file name that ends in one of \.ts, /],
    ],
    [
      "without a default export",
      "n.mjs",
      "export const a = 1;",
      [/n\.mjs: expected a default export/],
    ],
    [
      "that throws",
      "t.mjs",
      "throw new Error('no luck');",
      [/t\.mjs: the module failed to load: no luck/],
    ],
    [
      "with a repeated key",
      "d.yaml",
      "name: a\nname: b\n",
      [/^d\.yaml:2:1: expected each key once/],
    ],
    [
      "with a repeated key in JSON",
      "d.json",
      '{"name": "a",\n "name": "b"}',
      [/^d\.json:2:2: expected each key once/],
    ],
    [
      "with two documents",
      "m.yaml",
      "name: a\n---\nname: b\n",
      [/^m\.yaml:2:1: expected one document/],
    ],
    ["with a tag", "g.yaml", "name: !!js/function x\n", [/^g\.yaml:1:7: expected no tag/]],
    ["with comments in JSON", "c.json", '{"name": "a" # b\n}', [/^c\.json:1:14: expected JSON/]],
    [
      "that is not valid YAML",
      "y.yaml",
      "name: [a\nlisten: 1",
      [/^y\.yaml:\d:\d+: expected YAML: /],
    ],
    ["that is empty", "e.yaml", "# nothing\n", [/^e\.yaml:1:1: expected an object, got nothing/]],
    [
      "with an alias without an anchor",
      "u.yaml",
      "name: *a\n",
      [/^u\.yaml:1:7: name: expected an anchor &a before this alias/],
    ],
    [
      "that contains itself",
      "s.yaml",
      "upstreams: &a\n  b: *a\n",
      [/expected at most 10000 values/],
    ],
  ])("loadConfig rejects a file %s", async (_what, name, text, expected) => {
    const problems = await problemsOf(name, text);
    expect(problems).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });

  it("loadConfig rejects a file that does not exist", async () => {
    await expect(loadConfig(join(folder, "none.yaml"))).rejects.toThrow(
      "expected a file, but it does not exist",
    );
  });

  it("loadConfig rejects a file that is not UTF-8", async () => {
    const file = join(folder, "bytes.yaml");
    await writeFile(file, Uint8Array.of(0x6e, 0xff));
    await expect(loadConfig(file)).rejects.toThrow("expected a file in UTF-8");
  });

  it("loadConfig rejects a file whose aliases multiply its values", async () => {
    const level = (name: string, of: string) => `${name}: &${name} [${`*${of},`.repeat(20)}]\n`;
    const text = `a: &a [x]\n${level("b", "a")}${level("c", "b")}${level("d", "c")}${level("e", "d")}`;
    expect(await problemsOf("bomb.yaml", text)).toEqual([
      expect.stringMatching(
        /^bomb\.yaml:\d+:\d+: d\[7\]: expected at most 10000 values; use fewer aliases/,
      ),
    ]);
  });
});

describe("a configuration with modules that do not exist", () => {
  const text = "upstreams:\n  a: { module: ./absent.ts }\n  b:\n    module: ./\n";

  it("is rejected with the line of each module", async () => {
    expect(await problemsOf("modules.yaml", text)).toEqual([
      `modules.yaml:2:16: upstreams.a.module: expected a file, but ${folder}/absent.ts does not exist`,
      `modules.yaml:4:13: upstreams.b.module: expected a file, but ${folder} is a folder`,
    ]);
  });

  it("is rejected as a module, too", async () => {
    const source = 'export default { upstreams: { a: { module: "absent.ts" } } };';
    expect(await problemsOf("absent.mjs", source)).toEqual([
      `absent.mjs: upstreams.a.module: expected a file, but ${folder}/absent.ts does not exist`,
    ]);
  });
});

describe("environment variables", () => {
  const text = (value: string) => `name: ${value}\nupstreams: { a: { url: "${url}" } }`;

  it.each([
    [`$\{WHO}`, "otter"],
    [`the $\{WHO}s`, "the otters"],
    [`$\{NONE:-default}`, "default"],
    [`$\{EMPTY:-default}`, "default"],
    [`x$\{EMPTY}`, "x"],
    [`$$\{WHO}`, `$\{WHO}`],
    ["$WHO", "$WHO"],
    [`$\{TRICK}`, `a\nadmin: false $\{WHO}`],
    [`$\{NUMBER}`, "42"],
  ])("%s becomes %j", async (written, expected) => {
    const environment = {
      WHO: "otter",
      EMPTY: "",
      TRICK: `a\nadmin: false $\{WHO}`,
      NUMBER: "42",
    };
    const { config } = await load("v.yaml", text(written), environment);
    expect(config.name).toBe(expected);
    expect(config.admin).not.toBe(false);
  });

  it("become numbers and booleans only if the whole string is one variable and the schema expects them", async () => {
    const listen = `listen: { port: "$\{PORT}" }\nadmin: "$\{ADMIN}"\nupstreams: { a: { url: "${url}", trustPublic: "$\{TRUST}" } }`;
    const { config } = await load("w.yaml", listen, {
      PORT: "8080",
      ADMIN: "false",
      TRUST: "true",
    });
    expect(config.listen.port).toBe(8080);
    expect(config.admin).toBe(false);
    expect(config.upstreams.a?.trustPublic).toBe(true);
    expect(
      await problemsOf("w.yaml", listen.replace(`$\{PORT}`, `80$\{PORT}`), {
        PORT: "8080",
        ADMIN: "false",
        TRUST: "true",
      }),
    ).toEqual(["w.yaml:1:17: listen.port: expected a number, got a string"]);
  });

  it("are reported with their line when they are unset or malformed", async () => {
    expect(
      await problemsOf("x.yaml", `name: $\{A}$\{B}\nlog:\n  file: "$\{1}"\nkeys: "$\{OPEN"`),
    ).toEqual([
      `x.yaml:1:7: name: the environment variable A is not set; set it, or write $\{A:-default}`,
      `x.yaml:1:7: name: the environment variable B is not set; set it, or write $\{B:-default}`,
      `x.yaml:3:9: log.file: expected $\{NAME} or $\{NAME:-default}; write $$\{ for a literal $\{`,
      `x.yaml:4:7: keys: expected $\{NAME} or $\{NAME:-default}; write $$\{ for a literal $\{`,
    ]);
  });

  it("never appear with their values in messages", async () => {
    const problems = await problemsOf(
      "y.yaml",
      `listen: { port: "$\{PORT}" }\nupstreams: { a: { url: "$\{URL}", balance: "$\{BALANCE}" } }`,
      { PORT: "sesame", URL: "sesame", BALANCE: "sesame" },
    );
    expect(problems).toEqual([
      `y.yaml:1:17: listen.port: expected a number, got a string (from $\{PORT})`,
      `y.yaml:2:24: upstreams.a.url: expected an http or https URL (from $\{URL})`,
      expect.stringMatching(
        /^y\.yaml:2:43: upstreams\.a\.balance: expected one of "round-robin", /,
      ),
    ]);
    expect(problems.join()).not.toContain("sesame");
  });
});

describe("the annotated example", () => {
  it("is valid", async () => {
    const file = join(folder, "annotated.yaml");
    await copyFile(join(import.meta.dirname, "fixtures/annotated.yaml"), file);
    await writeFile(join(folder, "server.ts"), "");
    const environment = { LUTRA_KEY: Buffer.alloc(32).toString("base64"), WIKI_TOKEN: "t" };
    const { config, notes } = await loadConfig(file, { environment });
    expect(config.listen.port).toBe(3000);
    expect(config.upstreams.wiki?.headers?.set).toEqual({ authorization: "Bearer t" });
    expect(notes).toEqual([expect.stringContaining("limits[0].per: callers whose credentials")]);
  });
});
