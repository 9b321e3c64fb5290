import { describe, expect, it } from "vitest";
import type { Command } from "./command-line.ts";
import { commands } from "./commands.ts";
import { helpOf, overviewOf } from "./help.ts";

const command: Command = {
  name: "up",
  summary: "Starts a fleet.",
  details: "Starts a fleet.",
  examples: ["server.ts"],
  arguments: [
    { name: "module", description: "" },
    { name: "name", description: "", isOptional: true },
    { name: "param", description: "", isOptional: true, isRest: true },
  ],
  options: {
    port: { placeholder: "P", description: "The port." },
    stdio: { description: "Over stdio." },
    "trusted-proxy": { placeholder: "A", description: `A ${"long ".repeat(20)}text.` },
    "an-option-with-a-long-name": { placeholder: "A", description: "Long." },
  },
  run: async () => 0,
};

describe("the help of a command", () => {
  it("describes every argument and option", () => {
    const help = helpOf(command);
    expect(help).toContain(
      "Usage: lutra up <module> [name] [param...] [options]\n\nStarts a fleet.",
    );
    expect(help).toContain("Example:\n  lutra up server.ts\n");
    expect(help).toContain("  --port P                The port.\n");
    expect(help).toContain("  --stdio                 Over stdio.\n");
    expect(help).toContain("  --an-option-with-a-long-name A\n                          Long.\n");
    expect(help).toContain("  -h, --help              Show this help\n");
  });

  it.each(commands)("fits into a terminal of 80 columns: $name", (known) => {
    const widths = helpOf(known)
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });
});

describe("the help of the program", () => {
  it("lists every command, and fits into a terminal of 80 columns", () => {
    const help = overviewOf(commands);
    for (const { name, summary } of commands) {
      expect(help).toMatch(new RegExp(`\\n  ${name} [<[]`));
      expect(help.replace(/\s+/g, " ")).toContain(summary);
    }
    expect(help).toContain("-v, --version");
    expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});
