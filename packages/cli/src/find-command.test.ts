import { describe, expect, it } from "vitest";
import { commands } from "./commands.ts";
import { findCommand } from "./find-command.ts";

const find = (...words: string[]) => findCommand(commands, words);

it.each([
  [["serve", "a.ts"], "serve", ["a.ts"]],
  [["gateway", "a.yaml"], "gateway", ["a.yaml"]],
  [["gateway", "check", "a.yaml"], "gateway check", ["a.yaml"]],
  [["gateway", "chek.yaml"], "gateway", ["chek.yaml"]],
  [["gateway"], "gateway", []],
])("finds the command of %j", async (words, name, args) => {
  expect(await find(...words)).toMatchObject({ command: { name }, args });
});

describe("an unknown command", () => {
  const names =
    "serve, up, work, gateway, logs, eras, migrate, login, logout, list, call, read, prompt, complete, watch, task, skills, inspect, doctor or completion";
  it.each([
    [["serv", "a.ts"], "unknown command serv; did you mean serve?"],
    [["gatewya", "a.yaml"], "unknown command gatewya; did you mean gateway?"],
    [["check", "a.yaml"], "unknown command check; did you mean gateway check?"],
    [["gateway", "chek", "a.yaml"], "unknown command gateway chek; did you mean gateway check?"],
    [["--versoin"], "unknown option --versoin; did you mean --version?"],
    [["dance"], `unknown command dance; expected ${names}; see: lutra --help`],
    [["--port"], `unknown option --port; expected ${names}; see: lutra --help`],
    [[], `missing command; expected ${names}; see: lutra --help`],
  ])("is refused with the most similar one: %j", async (words, message) => {
    await expect(find(...words)).rejects.toMatchObject({ exitCode: 2, message });
  });
});
