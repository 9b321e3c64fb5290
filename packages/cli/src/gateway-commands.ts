/** The commands for a gateway, its log and its era report. */
import type { Command, CommandArgument } from "./command-line.ts";
import { filterOptions } from "./logs/log-filter.ts";
import { withPackage } from "./optional-package.ts";
import { processesOption } from "./processes-option.ts";

const configArgument: CommandArgument = {
  name: "config",
  description: "the path of a configuration file (TypeScript, JavaScript, YAML or JSON)",
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

export const gatewayCommands: readonly Command[] = [
  gateway,
  gatewayCheck,
  gatewayRoutes,
  gatewayExport,
  logs,
  eras,
];
