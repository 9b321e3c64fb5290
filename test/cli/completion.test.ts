/** The scripts of `lutra completion`, in the shells that are installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../../packages/cli/bin/lutra.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "lutra-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));

function scriptOf(shell: string): string {
  const { status, stdout } = spawnSync(process.execPath, [program, "completion", shell], {
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const file = join(folder, `lutra.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

const run = (shell: string, script: string): readonly string[] => {
  const { status, stdout, stderr } = spawnSync(shell, ["-c", script], {
    // Without files whose names could complete a word.
    cwd: mkdtempSync(join(folder, "empty-")),
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout.split(/\s+/).filter((word) => word !== "");
};

const cases = [
  ["lutra wa", ["watch"]],
  ["lutra gateway ch", ["check"]],
  ["lutra gateway routes g.yaml --pr", ["--principal"]],
  ["lutra call url add --js", ["--json"]],
] as const;

describe("lutra completion", () => {
  it.skipIf(!has("bash")).each(cases)("completes %s in bash (needs bash)", (line, words) => {
    const typed = line.split(" ");
    const script = `source ${scriptOf("bash")}; COMP_WORDS=(${line}); COMP_CWORD=${typed.length - 1}
      _lutra; echo "\${COMPREPLY[@]}"`;
    expect(run("bash", script)).toEqual(words);
  });

  it.skipIf(!has("zsh")).each(cases)("completes %s in zsh (needs zsh)", (line, words) => {
    const typed = line.split(" ");
    // The functions of the completion system print the candidates that begin with the word.
    const script = `compdef() { }
      _describe() { print -rl -- \${(M)\${(P)2}:#\${words[CURRENT]}*} | cut -d: -f1 }
      _files() { }
      source ${scriptOf("zsh")}
      complete_line() { local -a words=(${line}); local CURRENT=${typed.length}; _lutra }
      complete_line`;
    expect(run("zsh", script)).toEqual(words);
  });

  it.skipIf(!has("fish")).each(cases)("completes %s in fish (needs fish)", (line, words) => {
    const script = `source ${scriptOf("fish")}; complete -C '${line}' | cut -f1`;
    expect(run("fish", script)).toEqual(words);
  });

  it("refuses another shell", () => {
    const { status, stderr } = spawnSync(process.execPath, [program, "completion", "tcsh"], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "lutra: tcsh: expected bash, zsh or fish\n",
    });
  });
});
