/**
 * The commands of the program as data. Their code is loaded when they run, so that the help is fast,
 * and a server on stdio does not load the gateway.
 */
import { addressOptions } from "./address.ts";
import { callerOptions } from "./caller-options.ts";
import type { Command, CommandArgument } from "./command-line.ts";
import { moduleArgument, replicasOption } from "./module-argument.ts";
import { withGateway } from "./optional-package.ts";
import { busOption } from "./store-options.ts";

const configArgument: CommandArgument = {
  name: "config",
  description: "the path of a configuration file (TypeScript, JavaScript, YAML or JSON)",
};

const serve: Command = {
  name: "serve",
  summary: "Serves one server in this process, over HTTP or stdio.",
  details:
    "Serves the default export of <module>, a JavaScript or TypeScript file.\n" +
    "The path of the MCP endpoint is /mcp. Ctrl-C shuts down gracefully.",
  arguments: [moduleArgument],
  options: {
    ...addressOptions,
    store: {
      placeholder: "URL",
      description:
        "Store for tasks, handles and replay claims: sqlite:./state.db or postgres://... (default: memory:)",
    },
    ...callerOptions,
    stdio: { description: "Use standard input and output instead of HTTP" },
  },
  run: async (line) => (await import("./serve.ts")).serve(line),
};

const up: Command = {
  name: "up",
  summary: "Serves several replicas of one server behind one address.",
  details:
    "Starts replicas of the default export of <module>, a JavaScript or TypeScript file, each in\n" +
    "its own process, and a gateway that distributes requests to them. A replica that dies is\n" +
    "restarted. The path of the MCP endpoint is /mcp. Ctrl-C shuts down gracefully.",
  arguments: [moduleArgument],
  options: {
    replicas: replicasOption,
    ...addressOptions,
    store: {
      placeholder: "URL",
      description:
        "Store for tasks, handles and replay claims: sqlite:./state.db, postgres://... or memory: (default: a temporary file)",
    },
    bus: busOption,
    ...callerOptions,
    admin: {
      placeholder: "P",
      description: "Port for health and metrics; 0 picks a free one (default: no admin port)",
    },
    "trusted-proxy": {
      placeholder: "A",
      description:
        "Address or range of a proxy whose X-Forwarded-* headers are trusted; repeatable",
      isRepeatable: true,
    },
    log: { description: "Print one line of JSON per request" },
  },
  run: async (line) => (await withGateway("up", () => import("./up.ts"))).up(line),
};

const gateway: Command = {
  name: "gateway",
  summary: "Serves one endpoint for the servers in a configuration file.",
  details:
    "Routes requests by their headers to the servers that <config> names. Balances requests over\n" +
    "replicas, caches responses, limits callers and merges servers. Reloads the file when it changes\n" +
    "or on SIGHUP, without dropping a request. Ctrl-C shuts down gracefully.",
  arguments: [configArgument],
  options: {},
  run: async (line) => {
    const { gateway } = await withGateway("gateway", () => import("./gateway.ts"));
    return gateway(line);
  },
};

const gatewayCheck: Command = {
  name: "gateway check",
  summary: "Validates a gateway's configuration.",
  details:
    "Reads <config> and reports every error with its file, its line and the expected value.\n" +
    "Exits with 0 if the configuration is valid, otherwise with 1.",
  arguments: [configArgument],
  options: {},
  run: async (line) => {
    const { gatewayCheck } = await withGateway("gateway", () => import("./gateway-check.ts"));
    return gatewayCheck(line);
  },
};

const gatewayRoutes: Command = {
  name: "gateway routes",
  summary: "Explains which route a request would take, and why.",
  details:
    "Matches a request with the given method, name and parameters against the routes of <config>,\n" +
    "without sending it. Exits with 0 if a route matches, otherwise with 1. For example:\n" +
    "  lutra gateway routes gateway.yaml tools/call search Country=FR",
  arguments: [
    configArgument,
    { name: "method", description: "the name of a method such as tools/call" },
    { name: "name", description: "the value of Mcp-Name", isOptional: true },
    {
      name: "param=value",
      description: "values of Mcp-Param-* headers",
      isOptional: true,
      isRest: true,
    },
  ],
  options: {
    principal: { placeholder: "P", description: "Principal of the caller (default: none)" },
  },
  run: async (line) => {
    const { gatewayRoutes } = await withGateway("gateway", () => import("./gateway-routes.ts"));
    return gatewayRoutes(line);
  },
};

const gatewayExport: Command = {
  name: "gateway export",
  summary: "Prints the header routes of a gateway for nginx, HAProxy or Envoy.",
  details:
    "Prints a configuration of <proxy> (nginx, haproxy or envoy) that routes by the same headers.\n" +
    "Lists on standard error what is not exported.",
  arguments: [{ name: "proxy", description: "the name of a proxy" }, configArgument],
  options: {},
  run: async (line) => {
    const { gatewayExport } = await withGateway("gateway", () => import("./gateway-export.ts"));
    return gatewayExport(line);
  },
};

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  serve,
  up,
  gateway,
  gatewayCheck,
  gatewayRoutes,
  gatewayExport,
];
