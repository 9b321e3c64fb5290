/**
 * The commands of the program as data. Their code is loaded when they run, so that the help is fast,
 * and a server on stdio does not load the gateway.
 */
import { clientCommands } from "./client/commands.ts";
import type { Command, CommandArgument } from "./command-line.ts";
import { gatewayCommands } from "./gateway-commands.ts";
import { withPackage } from "./optional-package.ts";
import { servingCommands } from "./serving-commands.ts";
import { signInOption } from "./sign-in-name.ts";

const migrate: Command = {
  name: "migrate",
  summary: "Reports how a server or client moves to revision 2026-07-28.",
  details:
    "Reads the JavaScript and TypeScript in `<folder>` and reports, with file and line, each use of the " +
    "official SDK (v1 and v2) or FastMCP that the stateless revision does not support or " +
    "deprecates, and its replacement in Lutra. Exits with 0 if nothing is left to change, otherwise with 1.",
  examples: ["src", "src --json", "src --write"],
  arguments: [{ name: "folder", description: "the path of a folder or file with sources" }],
  options: {
    json: { description: "Print the report as one JSON object" },
    write: {
      description:
        "Rewrite calls that have an equivalent in Lutra, and mark the others with a comment",
    },
  },
  run: async (line) => {
    const { migrate } = await withPackage(
      "@lutra/migrate",
      "migrate",
      () => import("./migrate.ts"),
    );
    return migrate(line);
  },
};

const serverArgument: CommandArgument = {
  name: "url",
  description: "the URL of an MCP endpoint",
};

const login: Command = {
  name: "login",
  summary: "Signs in to a server, in the browser.",
  details:
    "Finds the authorization server of the MCP endpoint `<url>`, opens the browser, and stores the " +
    "tokens in a file that only the user can read, encrypted if `@napi-rs/keyring` is installed.",
  examples: ["https://mcp.example.com/mcp", "https://mcp.example.com/mcp --as work"],
  arguments: [serverArgument],
  options: {
    ...signInOption,
    scope: {
      placeholder: "S",
      description: "Scope to ask for in addition to those that the server names",
      fallback: "none",
      isRepeatable: true,
    },
    "client-id": {
      placeholder: "ID",
      description: "Client that was registered by hand; needs `--issuer`",
      fallback: "the command registers itself",
    },
    issuer: {
      placeholder: "URL",
      description: "Issuer that knows the client of `--client-id`",
      fallback: "none",
    },
    port: {
      placeholder: "P",
      description: "Port on this machine to which the browser returns",
      fallback: "a free one",
    },
    "print-url": { description: "Print the URL of the page instead of opening the browser" },
  },
  run: async (line) => (await import("./login.ts")).login(line),
};

const logout: Command = {
  name: "logout",
  summary: "Signs out of a server.",
  details: "Revokes the tokens for the MCP endpoint `<url>`, and removes them from the file.",
  examples: ["https://mcp.example.com/mcp"],
  arguments: [serverArgument],
  options: signInOption,
  run: async (line) => (await import("./logout.ts")).logout(line),
};

const doctor: Command = {
  name: "doctor",
  summary: "Checks this machine, and a server or a configuration, and names remedies.",
  details:
    "Checks Node, the packages in the working directory, and `<target>`: for a URL its address, its " +
    "certificate, its clock, its authorization, its versions, and whether events arrive while a stream " +
    "is open; for a program or a module its versions; for a gateway's configuration its validity and " +
    "the addresses of its upstreams. Exits with 0 if there is no problem, otherwise with 1.",
  examples: [
    "",
    "https://mcp.example.com/mcp",
    "gateway.yaml",
    "server.ts",
    "-- npx -y some-server",
  ],
  arguments: [
    {
      name: "target",
      description:
        "a URL, the path of a module or of a configuration, or a name in a configuration file; or a program after `--`",
      isOptional: true,
    },
  ],
  hasTarget: true,
  options: {
    header: {
      letter: "H",
      placeholder: "LINE",
      description: "Header for each request to a URL, such as `Authorization: Bearer abc`",
      isRepeatable: true,
    },
    config: {
      placeholder: "FILE",
      description: "File with the names of servers, such as `.mcp.json`",
      fallback: "the files of hosts",
    },
    timeout: {
      placeholder: "MS",
      description: "Maximum time of each check, in milliseconds",
      fallback: "`10000`",
    },
    json: { description: "Print the findings as JSON" },
  },
  run: async (line) => (await import("./doctor/doctor.ts")).doctor(line),
};

const completion: Command = {
  name: "completion",
  summary: "Prints a script that completes command lines in a shell.",
  details:
    "Prints a script for `bash`, `zsh` or `fish`. It completes the names of commands, options and files.",
  examples: [
    "bash > ~/.local/share/bash-completion/completions/lutra",
    "zsh > ~/.zfunc/_lutra",
    "fish > ~/.config/fish/completions/lutra.fish",
  ],
  arguments: [{ name: "shell", description: "`bash`, `zsh` or `fish`" }],
  options: {},
  run: async (line) => (await import("./completion.ts")).completion(line, commands),
};

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  ...servingCommands,
  ...gatewayCommands,
  migrate,
  login,
  logout,
  ...clientCommands,
  doctor,
  completion,
];
