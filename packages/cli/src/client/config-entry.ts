/** Converts the entry of a configuration file to a target, with its variables replaced. */
import { homedir } from "node:os";
import { dirname } from "node:path";
import { isObject, type JSONObject } from "lutra/protocol";
import { CommandError } from "../command-error.ts";
import type { NamedServer } from "./config-files.ts";
import type { CommandTarget, URLTarget } from "./target.ts";

/**
 * Returns the target of an entry.
 *
 * @throws {CommandError} for an entry without a URL or command, and for a variable without a value
 */
export function targetOfEntry(server: NamedServer): URLTarget | CommandTarget {
  const { name, entry } = server;
  const url = [entry.url, entry.httpUrl, entry.serverUrl].find((each) => typeof each === "string");
  const text = (value: string) => replaceVariables(value, server);
  if (url !== undefined) {
    return { kind: "url", label: name, url: text(url), headers: textsOf(entry.headers, text) };
  }
  if (typeof entry.command !== "string") {
    throw new CommandError(`${server.file}: ${name}: expected url or command`, 2);
  }
  const { args, cwd } = entry;
  const words = Array.isArray(args) ? args.filter((each) => typeof each === "string") : [];
  const command = {
    command: text(entry.command),
    args: words.map(text),
    env: textsOf(entry.env, text),
    ...(typeof cwd === "string" && { cwd: text(cwd) }),
  };
  return { kind: "command", label: name, command };
}

/** Returns how a server is reached, without the values of variables, which may be secret. */
export function addressOfEntry({ entry }: NamedServer): string {
  const { url, httpUrl, serverUrl, command, args } = entry;
  const words = [command, ...(Array.isArray(args) ? args : [])];
  return [url, httpUrl, serverUrl].find((each) => typeof each === "string") ?? words.join(" ");
}

function textsOf(
  value: unknown,
  convert: (text: string) => string,
): { readonly [name: string]: string } {
  const members = isObject(value) ? Object.entries(value as JSONObject) : [];
  return Object.fromEntries(
    members.flatMap(([name, each]) => (typeof each === "string" ? [[name, convert(each)]] : [])),
  );
}

/** Replaces `${NAME}`, `${NAME:-default}`, `${env:NAME}`, `${workspaceFolder}` and `${userHome}`. */
function replaceVariables(text: string, { name, file }: NamedServer): string {
  return text.replace(/\$\{([^{}]*)\}/g, (_match, expression: string) => {
    if (expression === "workspaceFolder") return projectOf(file);
    if (expression === "userHome") return homedir();
    const [variable = "", ...rest] = expression.replace(/^env:/, "").split(":-");
    const value = process.env[variable];
    const fallback = rest.length === 0 ? undefined : rest.join(":-");
    if (value !== undefined || fallback !== undefined) return value || (fallback ?? "");
    throw new CommandError(
      `${file}: ${name}: expected a value for ${variable}; set it in the environment`,
      2,
    );
  });
}

/** Returns the folder of the project that a file such as `.vscode/mcp.json` belongs to. */
function projectOf(file: string): string {
  const folder = dirname(file);
  return /[\\/]\.[^\\/]+$/.test(folder) ? dirname(folder) : folder;
}
