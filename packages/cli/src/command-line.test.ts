import { describe, expect, it } from "vitest";
import {
  type Command,
  type CommandLine,
  integerOption,
  listOption,
  parseCommandLine,
} from "./command-line.ts";

const command: Command = {
  name: "up",
  summary: "",
  details: "Starts a fleet.",
  arguments: [{ name: "module", description: "the path of a server module" }],
  options: {
    port: { placeholder: "P", description: "The port.", alias: "listen" },
    stdio: { description: "Over stdio." },
    "trusted-proxy": { placeholder: "A", description: "A proxy.", isRepeatable: true },
  },
  run: async () => 0,
};

const parse = (...args: string[]) => parseCommandLine(command, args);

describe("parseCommandLine", () => {
  it("accepts options before and after the module", async () => {
    const expected = { values: ["server.ts"], options: { port: "4000", stdio: true } };
    expect(await parse("server.ts", "--port", "4000", "--stdio")).toEqual(expected);
    expect(await parse("--stdio", "--port=4000", "server.ts")).toEqual(expected);
  });

  it("accepts the other name of an option as if it were the listed one", async () => {
    const { options } = (await parse("server.ts", "--listen", "4000")) ?? {};
    expect(options).toEqual({ port: "4000" });
    const line = await parse("server.ts", "--port", "1", "--listen=2");
    expect(line?.options).toEqual({ port: "2" });
    await expect(parse("server.ts", "--listen")).rejects.toThrow("--listen requires a value");
  });

  it.each([
    ["no module", [], "up: missing <module>, the path of a server module; see: lutra up --help"],
    ["two modules", ["a.ts", "b.ts"], "up: unexpected argument b.ts"],
    [
      "a misspelt option",
      ["a.ts", "--prot", "1"],
      "up: unknown option --prot; did you mean --port?",
    ],
    ["a part of an option", ["a.ts", "--trusted"], "--trusted; did you mean --trusted-proxy?"],
    ["an unknown short option", ["a.ts", "-p"], "up: unknown option -p; did you mean --port?"],
    ["an unknown option", ["a.ts", "--color"], "unknown option --color; see: lutra up --help"],
    ["the name of a property of every object", ["a.ts", "--toString"], "unknown option --toString"],
    ["an option without a value", ["a.ts", "--port"], "up: --port requires a value: --port P"],
    [
      "another option in place of a value",
      ["a.ts", "--port", "--stdio"],
      "--port requires a value",
    ],
    ["an empty value", ["a.ts", "--port="], "up: --port requires a value"],
    ["a switch with a value", ["a.ts", "--stdio=1"], "up: --stdio takes no value"],
  ])("rejects %s", async (_what, args, message) => {
    await expect(parse(...args)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    });
  });

  it("collects the values of a repeatable option, and keeps the last value of others", async () => {
    const line = await parse(
      "a.ts",
      "--trusted-proxy",
      "x",
      "--port=1",
      "--trusted-proxy=y",
      "--port=2",
    );
    expect(line?.options).toEqual({ port: "2", "trusted-proxy": ["x", "y"] });
    expect(listOption(line as CommandLine, "trusted-proxy")).toEqual(["x", "y"]);
    expect(listOption((await parse("a.ts")) as CommandLine, "trusted-proxy")).toEqual([]);
    await expect(parse("a.ts", "--trusted-proxy")).rejects.toThrow(
      "--trusted-proxy requires a value",
    );
  });

  it.each([[["--help"]], [["server.ts", "--help"]], [["-h"]], [["--stdio", "-h"]]])(
    "returns undefined for %j",
    async (args) => {
      expect(await parse(...args)).toBeUndefined();
    },
  );
});

describe("a command with positional arguments", () => {
  const routes: Command = {
    ...command,
    name: "gateway routes",
    arguments: [
      { name: "config", description: "the path of a configuration" },
      { name: "name", description: "a name", isOptional: true },
      { name: "param", description: "a parameter", isOptional: true, isRest: true },
    ],
  };
  const values = async (...args: string[]) => (await parseCommandLine(routes, args))?.values;

  it("accepts optional arguments, and all remaining values for the last one", async () => {
    expect(await values("a.yaml")).toEqual(["a.yaml"]);
    const all = ["a.yaml", "search", "A=1", "B=2"];
    expect(await values(...all)).toEqual(all);
    await expect(values()).rejects.toThrow(
      "gateway routes: missing <config>, the path of a configuration",
    );
  });
});

describe("integerOption", () => {
  const range = { least: 1, most: 64, fallback: 3 };
  const read = (port?: string) =>
    integerOption({ values: ["a"], options: { port } }, "port", range);

  it("returns the fallback for a missing option", () => {
    expect(read()).toBe(3);
  });

  it("accepts the bounds of the range", () => {
    expect([read("1"), read("64")]).toEqual([1, 64]);
  });

  it.each(["0", "65", "-1", "1.5", "1e1", "three", " "])("rejects %j", (text) => {
    expect(() => read(text)).toThrow(`--port ${text}: expected an integer from 1 to 64`);
  });
});
