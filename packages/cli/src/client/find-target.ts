/** Finds the server that a command line names. */
import { closest, parseURL } from "lutra/internal";
import { CommandError } from "../command-error.ts";
import { type CommandLine, listOption } from "../command-line.ts";
import { signInNameOf } from "../sign-in-name.ts";
import { targetOfEntry } from "./config-entry.ts";
import { namedServers } from "./config-files.ts";
import { textOption } from "./options.ts";
import { clipTo, plainLine } from "./plain-text.ts";
import type { CommandTarget, Target } from "./target.ts";

/**
 * Returns the target of a command line. Its form decides: `http://...` is a URL, an ending such as `.ts`
 * means a module, and other words are names in configuration files.
 *
 * @throws {CommandError} for a name that no file has, and for options that the target does not have
 */
export function targetOf(line: CommandLine): Target {
  const target = findTarget(line);
  const headers = listOption(line, "header").map(parseHeader);
  const signIn = signInNameOf(line);
  if (target.kind === "url") {
    const all = { ...target.headers, ...Object.fromEntries(headers) };
    return { ...target, headers: all, signIn };
  }
  if (signIn !== undefined) refuse("--as", target, "which has no sign-in");
  if (headers.length > 0) refuse("--header", target, "which has no headers");
  if (target.kind === "module" && line.options.era !== undefined) {
    refuse("--era", target, "which is served in this process");
  }
  return target;
}

function findTarget(line: CommandLine): Target {
  if (line.program !== undefined) return programOf(line.program);
  const word = line.values[0] as string;
  if (/^https?:\/\//i.test(word)) {
    if (parseURL(word) === undefined) throw new CommandError(`${word}: expected a valid URL`, 2);
    return { kind: "url", label: word, url: word, headers: {} };
  }
  if (/\.[cm]?[jt]sx?$/.test(word)) return { kind: "module", label: word, file: word };
  const servers = namedServers(textOption(line, "config"));
  const server = servers.find(({ name }) => name === word);
  if (server !== undefined) return targetOfEntry(server);
  throw unknownName(
    word,
    servers.map(({ name }) => name),
  );
}

/** Width of a program in messages, in columns. */
const maxLabelColumns = 60;

/** The program gets all variables of the environment, as from a shell. */
function programOf([command, ...args]: readonly string[]): CommandTarget {
  if (command === undefined) throw new CommandError("expected a program after --", 2);
  const label = clipTo(plainLine([command, ...args].join(" ")), maxLabelColumns);
  return { kind: "command", label, command: { command, args, env: process.env } };
}

function unknownName(word: string, names: readonly string[]): CommandError {
  const meant = closest(word, names);
  if (meant !== undefined)
    return new CommandError(`unknown server ${word}; did you mean ${meant}?`, 2);
  const forms = "expected a URL that begins with http, the path of a module, or -- and a program";
  const known = names.length === 0 ? "" : `, or one of ${names.join(", ")}`;
  return new CommandError(`unknown server ${word}; ${forms}${known}`, 2);
}

function refuse(option: string, { label }: Target, reason: string): never {
  throw new CommandError(`${option}: not with ${label}, ${reason}; remove it`, 2);
}

function parseHeader(line: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/s.exec(line) ?? [];
  if (name !== undefined && value !== undefined && !/[\r\n\0]/.test(value)) return [name, value];
  throw new CommandError("--header: expected a line such as 'Authorization: Bearer abc'", 2);
}
