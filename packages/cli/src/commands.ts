/**
 * The commands of the program as data. Their code is loaded when they run, so that the help is fast,
 * and a server on stdio does not load the gateway.
 */
import { addressOptions } from "./address.ts";
import { callerOptions } from "./caller-options.ts";
import { clientCommands } from "./client/commands.ts";
import type { Command, CommandArgument } from "./command-line.ts";
import { filterOptions } from "./logs/log-filter.ts";
import { moduleArgument, replicasOption, watchOption } from "./module-argument.ts";
import { withPackage } from "./optional-package.ts";
import { processesOption } from "./processes-option.ts";
import { signInOption } from "./sign-in-name.ts";
import { busOption, storeOption } from "./store-options.ts";
import { versionOptions } from "./version-options.ts";

const configArgument: CommandArgument = {
  name: "config",
  description: "the path of a configuration file (TypeScript, JavaScript, YAML or JSON)",
};

const stateStore =
  "Store for tasks, handles and replay claims: `sqlite:./state.db`, `postgres://...` or `memory:`";

const serve: Command = {
  name: "serve",
  summary: "Serves one server in this process, over HTTP or stdio.",
  details:
    "Serves the default export of `<module>`, a JavaScript or TypeScript file. " +
    "The path of the MCP endpoint is `/mcp`. Ctrl-C shuts down gracefully.",
  examples: ["server.ts", "server.ts --stdio", "server.ts --watch"],
  arguments: [moduleArgument],
  options: {
    ...addressOptions,
    store: storeOption({ description: stateStore, fallback: "`memory:`" }),
    bus: busOption("the store if it is Postgres"),
    ...callerOptions,
    ...versionOptions,
    "http-sse": {
      description: "Serve clients of the deprecated HTTP+SSE transport of 2024-11-05, too",
    },
    stdio: { description: "Use standard input and output instead of HTTP" },
    watch: watchOption,
  },
  run: async (line) => (await import("./serve.ts")).serve(line),
};

const up: Command = {
  name: "up",
  summary: "Serves several replicas of one server behind one address.",
  details:
    "Starts replicas of the default export of `<module>`, a JavaScript or TypeScript file, each in " +
    "its own process, and a gateway that distributes requests to them. A replica that dies is " +
    "restarted. The path of the MCP endpoint is `/mcp`. Ctrl-C shuts down gracefully.",
  examples: ["server.ts --replicas 3 --log"],
  arguments: [moduleArgument],
  options: {
    replicas: replicasOption,
    ...addressOptions,
    store: storeOption({
      description: stateStore,
      fallback: "a temporary SQLite file; none if `libsql` is not installed",
    }),
    bus: busOption("the store if it is Postgres, otherwise the process of the command"),
    ...callerOptions,
    ...versionOptions,
    admin: {
      placeholder: "P",
      description:
        "Port for health, metrics, the state of the replicas and the console, on this machine only; `0` picks a free one",
      fallback: "none",
    },
    "trusted-proxy": {
      placeholder: "A",
      description:
        "Address or range (such as `10.0.0.0/8`) of a proxy whose `X-Forwarded-*` headers are trusted",
      fallback: "none",
      isRepeatable: true,
    },
    log: { description: "Print one line per request: JSON, or text in a terminal" },
    processes: processesOption,
    watch: watchOption,
  },
  run: async (line) =>
    (await withPackage("@lutra/gateway", "up", () => import("./up.ts"))).up(line),
};

const work: Command = {
  name: "work",
  summary: "Runs the tasks of a server, and serves no requests.",
  details:
    "Runs tasks that other processes have created in the same store, for the default export of " +
    "`<module>`, a JavaScript or TypeScript file. Ctrl-C shuts down gracefully: tasks that do not end " +
    "in time are released to other processes.",
  examples: ["server.ts --store postgres://host/database"],
  arguments: [moduleArgument],
  options: {
    store: storeOption({
      description:
        "Store of the processes that create the tasks: `sqlite:./state.db` or `postgres://...`",
      isRequired: true,
    }),
    bus: busOption("the store if it is Postgres"),
  },
  run: async (line) => (await import("./work.ts")).work(line),
};

const gateway: Command = {
  name: "gateway",
  summary: "Serves one endpoint for the servers in a configuration file.",
  details:
    "Routes requests by their headers to the servers that `<config>` names. Balances requests over " +
    "replicas, caches responses, limits callers and merges servers. Reloads the file on `SIGHUP`, and " +
    "when the file or the module of its `guard` or its `auth` changes, without dropping a request. " +
    "Ctrl-C shuts down gracefully.",
  examples: ["gateway.yaml", "gateway.yaml --processes 2"],
  arguments: [configArgument],
  options: {
    processes: processesOption,
    watch: {
      description:
        "Load the module of an upstream again when it, or a local file that it imports or serves, changes",
    },
  },
  run: async (line) => {
    const { gateway } = await withPackage(
      "@lutra/gateway",
      "gateway",
      () => import("./gateway.ts"),
    );
    return gateway(line);
  },
};

const gatewayCheck: Command = {
  name: "gateway check",
  summary: "Validates a gateway's configuration.",
  details:
    "Reads `<config>` and reports every error with its file, its line and the expected value. " +
    "Exits with 0 if the configuration is valid, otherwise with 1. With `--processes`, also prints " +
    "the settings that each process has for itself.",
  arguments: [configArgument],
  options: { processes: processesOption },
  run: async (line) => {
    const { gatewayCheck } = await withPackage(
      "@lutra/gateway",
      "gateway",
      () => import("./gateway-check.ts"),
    );
    return gatewayCheck(line);
  },
};

const gatewayRoutes: Command = {
  name: "gateway routes",
  summary: "Explains which route a request would take, and why.",
  details:
    "Matches a request with the given method, name and parameters against the routes of `<config>`, " +
    "without sending it. Exits with 0 if a route matches, otherwise with 1.",
  examples: ["gateway.yaml tools/call search Country=FR"],
  arguments: [
    configArgument,
    { name: "method", description: "the name of a method such as `tools/call`" },
    { name: "name", description: "the value of `Mcp-Name`", isOptional: true },
    {
      name: "param=value",
      description: "values of `Mcp-Param-*` headers",
      isOptional: true,
      isRest: true,
    },
  ],
  options: {
    host: {
      placeholder: "H",
      description: "Value of `Host`, which chooses one of several `endpoints`",
      fallback: "a name that no endpoint lists",
    },
    path: {
      placeholder: "P",
      description: "Path of the request, which chooses one of several `endpoints`",
      fallback: "`listen.path`",
    },
    principal: { placeholder: "P", description: "Principal of the caller", fallback: "none" },
    scopes: {
      placeholder: "S",
      description: "Scopes of the principal, separated by spaces",
      fallback: "none",
    },
  },
  run: async (line) => {
    const { gatewayRoutes } = await withPackage(
      "@lutra/gateway",
      "gateway",
      () => import("./gateway-routes.ts"),
    );
    return gatewayRoutes(line);
  },
};

const gatewayExport: Command = {
  name: "gateway export",
  summary: "Prints the header routes of a gateway for nginx, HAProxy or Envoy.",
  examples: ["nginx gateway.yaml"],
  details:
    "Prints a configuration of `<proxy>` (`nginx`, `haproxy` or `envoy`) that routes by the same headers. " +
    "Lists on standard error what is not exported.",
  arguments: [{ name: "proxy", description: "the name of a proxy" }, configArgument],
  options: {},
  run: async (line) => {
    const { gatewayExport } = await withPackage(
      "@lutra/gateway",
      "gateway",
      () => import("./gateway-export.ts"),
    );
    return gatewayExport(line);
  },
};

const logs: Command = {
  name: "logs",
  summary: "Shows the access log of a gateway, and follows it.",
  details:
    "Prints the last lines of the access log in `<source>`: a log file, a configuration with " +
    "`log.file`, or `-` for standard input, of which all lines are printed. Other lines are left out. " +
    "All filters must hold. With `--follow`, new lines are printed until Ctrl-C, also after a " +
    "rotation of the file.",
  examples: [
    "gateway.yaml --follow --failed",
    "access.log --method tools/call --slow 500 --lines 100",
    "access.log --trace 0af7651916cd43dd8448eb211c80319c --json",
  ],
  arguments: [
    {
      name: "source",
      description: "the path of a log file or of a gateway's configuration, or `-`",
    },
  ],
  options: {
    follow: { letter: "f", description: "Print new lines, too" },
    lines: {
      letter: "n",
      placeholder: "N",
      description: "Number of earlier lines, at most 100000",
      fallback: "`20`",
    },
    ...filterOptions,
    json: { description: "Print the lines as they are in the log" },
  },
  run: async (line) => (await import("./logs/logs.ts")).logs(line),
};

const eras: Command = {
  name: "eras",
  summary: "Shows the clients of a gateway by protocol version, and what can be switched off.",
  details:
    "Reads `/eras` of the admin listener at `<url>`: the clients by protocol version and upstream, the " +
    "deprecated features that they use, and for each earlier version and deprecated feature a verdict " +
    "with its reason.",
  examples: ["http://127.0.0.1:9464"],
  arguments: [
    { name: "url", description: "the URL of an admin listener such as `http://127.0.0.1:9464`" },
  ],
  options: {
    days: {
      placeholder: "N",
      description: "Number of days without use that make it safe to switch something off, 1 to 31",
      fallback: "`7`",
    },
    json: { description: "Print the report as JSON, with the counts of each day" },
  },
  run: async (line) => (await import("./eras.ts")).eras(line),
};

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
  serve,
  up,
  work,
  gateway,
  gatewayCheck,
  gatewayRoutes,
  gatewayExport,
  logs,
  eras,
  migrate,
  login,
  logout,
  ...clientCommands,
  doctor,
  completion,
];
