import { expect, it } from "vitest";
import type { Command } from "../packages/cli/src/command-line.ts";
import { withReference } from "./cli-reference.ts";

const serve: Command = {
  name: "serve",
  summary: "Serves a module.",
  details: "Serves `<module>`.",
  examples: ["server.ts"],
  arguments: [
    { name: "module", description: "the path of a module" },
    { name: "rest", description: "more", isOptional: true, isRest: true },
  ],
  options: {
    port: { placeholder: "P", description: "Port", fallback: "`3000`" },
    host: { placeholder: "H", description: "A | name", isRepeatable: true },
    store: { placeholder: "URL", description: "Store", variable: "LUTRA_STORE", isRequired: true },
    bus: { placeholder: "URL", description: "Bus", variable: "LUTRA_BUS", fallback: "the store" },
    stdio: { description: "No HTTP", letter: "s" },
  },
  run: async () => 0,
};

const names = ["commands", "lutra serve", "variables", "exit codes"];
const page = names.map((name) => `<!-- ${name} -->\nold\n<!-- /${name} -->\n`).join("");
const text = withReference(page, [serve]);

it("describes each argument and option of a command", () => {
  expect(text).toContain(
    [
      "`lutra serve <module> [rest...] [options]`",
      "",
      "Serves `<module>`.",
      "",
      "```sh",
      "npx lutra serve server.ts",
      "```",
      "",
      "| Argument or option | Meaning | Default |",
      "| --- | --- | --- |",
      "| `module` | The path of a module. | required |",
      "| `rest` | More. |  |",
      "| `--port P` | Port. | `3000` |",
      "| `--host H` | A \\| name. Repeatable. |  |",
      "| `--store URL` | Store. | required unless `LUTRA_STORE` is set |",
      "| `--bus URL` | Bus. | `LUTRA_BUS`, or the store |",
      "| `-s, --stdio` | No HTTP. |  |",
    ].join("\n"),
  );
});

it("lists the commands with their purpose", () => {
  const link = "[`lutra serve <module> [rest...]`](#lutra-serve)";
  expect(text).toContain(`| ${link} | Serves a module. |`);
  expect(text).toContain("| `lutra -v`, `lutra --version` | Show the version. |");
});

it("lists the variables with the commands that read them", () => {
  expect(text).toMatch(/\| `LUTRA_STORE` \| .+ \| `lutra serve` \|/);
  expect(text).toMatch(/\| `NO_COLOR` \| .+ \| all \|/);
});

it("lists the exit codes", () => {
  expect(text).toMatch(/\| 0 \| .+\n\| 1 \| .+\n\| 2 \| .+\n\| 3 \| .+\n(?:.+\n)*\| 141 \| /);
});

it("leaves nothing of the text that was there", () => {
  expect(text).not.toContain("old");
});
