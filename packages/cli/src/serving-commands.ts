/** The commands that run a module: `serve`, `up` and `work`. */
import { addressOptions } from "./address.ts";
import { callerOptions } from "./caller-options.ts";
import type { Command } from "./command-line.ts";
import { moduleArgument, replicasOption, watchOption } from "./module-argument.ts";
import { withPackage } from "./optional-package.ts";
import { processesOption } from "./processes-option.ts";
import { busOption, storeOption } from "./store-options.ts";
import { versionOptions } from "./version-options.ts";

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

export const servingCommands: readonly Command[] = [serve, up, work];
