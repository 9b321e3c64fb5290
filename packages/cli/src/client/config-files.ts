/** The files in which hosts keep the names of servers, and the file that `--config` names. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { isObject, type JSONObject } from "lutra/protocol";
import { CommandError } from "../command-error.ts";
import { notice } from "../notice.ts";
import { parseJSONC } from "./jsonc.ts";

/** An entry of a file, not yet checked. */
export interface NamedServer {
  readonly name: string;
  readonly file: string;
  readonly entry: JSONObject;
}

/** Files of a project, in its folder. The earlier one takes precedence. */
const projectFiles = [
  ".mcp.json",
  "mcp.json",
  ".vscode/mcp.json",
  ".cursor/mcp.json",
  ".gemini/settings.json",
];

/** Files of a user, in the home folder. */
const userFiles = [
  ".claude.json",
  ".cursor/mcp.json",
  ".codeium/windsurf/mcp_config.json",
  ".gemini/settings.json",
  ".config/Code/User/mcp.json",
  ".config/Claude/claude_desktop_config.json",
  "Library/Application Support/Code/User/mcp.json",
  "Library/Application Support/Claude/claude_desktop_config.json",
  "AppData/Roaming/Code/User/mcp.json",
  "AppData/Roaming/Claude/claude_desktop_config.json",
];

/**
 * Returns the servers of a file, or those of all files of hosts: first those in the working directory
 * and the folders above it, then those in the home folder. The first of several with one name applies.
 *
 * @throws {CommandError} if the file of `--config` can't be read
 */
export function namedServers(config?: string): readonly NamedServer[] {
  if (config !== undefined) return serversOf(config, readConfig(config));
  const found = new Map<string, NamedServer>();
  for (const file of hostFiles()) {
    for (const server of serversOfHost(file)) {
      if (!found.has(server.name)) found.set(server.name, server);
    }
  }
  return [...found.values()];
}

function hostFiles(): readonly string[] {
  const folders: string[] = [];
  for (let folder = process.cwd(); folder !== folders.at(-1); folder = dirname(folder)) {
    folders.push(folder);
  }
  const files = [
    ...folders.flatMap((folder) => projectFiles.map((file) => join(folder, file))),
    ...userFiles.map((file) => join(homedir(), file)),
  ];
  return [...new Set(files)];
}

/** An unusable file of a host is reported, and does not hide the other files. */
function serversOfHost(file: string): readonly NamedServer[] {
  try {
    return serversOf(file, parsed(file, readFileSync(file, "utf8")));
  } catch (error) {
    if (error instanceof CommandError) notice(`warning: ${error.message}`);
    return [];
  }
}

function readConfig(file: string): JSONObject {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new CommandError(`--config ${file}: expected a file that can be read`, 2);
  }
  return parsed(file, text);
}

function parsed(file: string, text: string): JSONObject {
  let value: unknown;
  try {
    value = parseJSONC(text);
  } catch {
    // The message of the parser could contain a part of the file.
  }
  if (isObject(value)) return value;
  throw new CommandError(`${file}: expected a JSON object`, 2);
}

/** Claude Code also keeps the servers of each project in the file of the user. */
function serversOf(file: string, config: JSONObject): readonly NamedServer[] {
  const { projects } = config;
  const project = isObject(projects) ? projects[process.cwd()] : undefined;
  const tables = [project, config].filter(isObject).flatMap(({ mcpServers, servers }) => [
    // Other members called `servers` are possible in settings, so their entries are checked.
    mcpServers,
    servers,
  ]);
  return tables.filter(isObject).flatMap((table) =>
    Object.entries(table).flatMap(([name, entry]) => {
      return isObject(entry) ? [{ name, entry, file: resolve(file) }] : [];
    }),
  );
}
