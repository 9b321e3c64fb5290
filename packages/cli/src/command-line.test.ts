import { describe, expect, it } from "vitest";
import {
  type Command,
  type CommandLine,
  helpOf,
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
    port: { placeholder: "P", description: "The port." },
    stdio: { description: "Over stdio." },
    "trusted-proxy": { placeholder: "A", description: "A proxy.", isRepeatable: true },
  },
  run: async () => 0,
};

const parse = (...args: string[]) => parseCommandLine(command, args);

describe("parseCommandLine", () => {
  it("accepts options before and after the module", () => {
    const expected = { values: ["server.ts"], options: { port: "4000", stdio: true } };
    expect(parse("server.ts", "--port", "4000", "--stdio")).toEqual(expected);
    expect(parse("--stdio", "--port=4000", "server.ts")).toEqual(expected);
  });

  it.each([
    ["no module", [], "up: missing <module>, the path of a server module; see: lutra up --help"],
    ["two modules", ["a.ts", "b.ts"], "up: unexpected argument b.ts"],
    ["an unknown option", ["a.ts", "--prot", "1"], "up: unknown option --prot"],
    ["an unknown short option", ["a.ts", "-p"], "up: unknown option -p"],
    ["the name of a property of every object", ["a.ts", "--toString"], "unknown option --toString"],
    ["an option without a value", ["a.ts", "--port"], "up: --port requires a value: --port P"],
    [
      "another option in place of a value",
      ["a.ts", "--port", "--stdio"],
      "--port requires a value",
    ],
    ["an empty value", ["a.ts", "--port="], "up: --port requires a value"],
    ["a switch with a value", ["a.ts", "--stdio=1"], "up: --stdio takes no value"],
  ])("rejects %s", (_what, args, message) => {
    expect(() => parse(...args)).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => parse(...args)).toThrow(message);
  });

  it("collects the values of a repeatable option, and keeps the last value of others", () => {
    const line = parse("a.ts", "--trusted-proxy", "x", "--port=1", "--trusted-proxy=y", "--port=2");
    expect(line?.options).toEqual({ port: "2", "trusted-proxy": ["x", "y"] });
    expect(listOption(line as CommandLine, "trusted-proxy")).toEqual(["x", "y"]);
    expect(listOption(parse("a.ts") as CommandLine, "trusted-proxy")).toEqual([]);
    expect(() => parse("a.ts", "--trusted-proxy")).toThrow("--trusted-proxy requires a value");
  });

  it("returns undefined for --help, with or without a module", () => {
    expect(parse("--help")).toBeUndefined();
    expect(parse("server.ts", "--help")).toBeUndefined();
  });
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
  const values = (...args: string[]) => parseCommandLine(routes, args)?.values;

  it("accepts optional arguments, and all remaining values for the last one", () => {
    expect(values("a.yaml")).toEqual(["a.yaml"]);
    expect(values("a.yaml", "search", "A=1", "B=2")).toEqual(["a.yaml", "search", "A=1", "B=2"]);
    expect(() => values()).toThrow("gateway routes: missing <config>, the path of a configuration");
    expect(helpOf(routes)).toContain("Usage: lutra gateway routes <config> [name] [param...]");
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

it("helpOf describes every option", () => {
  const help = helpOf(command);
  expect(help).toContain("Usage: lutra up <module> [options]");
  expect(help).toContain("  --port P           The port.");
  expect(help).toContain("  --stdio            Over stdio.");
  expect(help).toContain("  --trusted-proxy A  A proxy.");
  expect(help).toContain("  --help             Show this help");
});
