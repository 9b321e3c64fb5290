/** The commands that are clients of a server, as data. Their code is loaded when they run. */
import type { Command } from "../command-line.ts";
import { withPackage } from "../optional-package.ts";
import {
  argumentsOption,
  callOptions,
  saveOption,
  targetArgument,
  targetOptions,
} from "./options.ts";

const list: Command = {
  name: "list",
  summary: "Lists what a server offers, or the servers that have a name.",
  details:
    "Lists the tools, resources, resource templates and prompts of a server, or only those of one " +
    "`<kind>`. Without a target, lists the names in configuration files.",
  examples: ["http://127.0.0.1:3000/mcp", "server.ts tools", "-- npx -y some-server"],
  arguments: [
    { ...targetArgument, isOptional: true },
    {
      name: "kind",
      description: "`tools`, `resources`, `templates` or `prompts`",
      isOptional: true,
    },
  ],
  hasTarget: true,
  options: targetOptions,
  run: async (line) => (await import("./list.ts")).list(line),
};

const call: Command = {
  name: "call",
  summary: "Calls a tool, and prints its result.",
  details:
    "Options after the name of the tool are its arguments. They are converted and checked by the schema " +
    "of the tool. With `--help`, shows the arguments of `<tool>`. Questions of the server are asked in " +
    "the terminal. Ctrl-C cancels the call.",
  examples: [
    "http://127.0.0.1:3000/mcp add --a 1 --b 2",
    "--help server.ts add",
    "echo --message hello -- npx -y some-server",
  ],
  arguments: [targetArgument, { name: "tool", description: "the name of a tool" }],
  hasTarget: true,
  acceptsNamed: true,
  options: callOptions,
  run: async (line) => (await import("./call.ts")).call(line),
};

const read: Command = {
  name: "read",
  summary: "Reads a resource, and prints its contents.",
  details:
    "Prints text as it is. Writes binary data to a file whose path it prints, or to standard output if " +
    "that is not a terminal.",
  examples: ["server.ts place://42", "server.ts chart://7 > chart.png"],
  arguments: [targetArgument, { name: "uri", description: "the URI of a resource" }],
  hasTarget: true,
  options: { ...saveOption, ...targetOptions },
  run: async (line) => (await import("./read.ts")).read(line),
};

const prompt: Command = {
  name: "prompt",
  summary: "Gets a prompt, and prints its messages.",
  details:
    "Options after the name of the prompt are its arguments. With `--help`, shows the arguments of " +
    "`<prompt>`.",
  examples: ["server.ts plan-trip --city Lisbon", "--help server.ts plan-trip"],
  arguments: [targetArgument, { name: "prompt", description: "the name of a prompt" }],
  hasTarget: true,
  acceptsNamed: true,
  options: { ...argumentsOption, ...saveOption, ...targetOptions },
  run: async (line) => (await import("./prompt.ts")).prompt(line),
};

const complete: Command = {
  name: "complete",
  summary: "Suggests values for an argument of a prompt or a resource template.",
  details:
    "Prints one value per line. `<of>` is the name of a prompt, or a resource template such as " +
    "`place://{city}`.",
  examples: [
    "server.ts plan-trip city Li",
    'server.ts "place://{city}" city Li --given country=PT',
  ],
  arguments: [
    targetArgument,
    { name: "of", description: "the name of a prompt, or a resource template" },
    { name: "argument", description: "the name of an argument or variable" },
    { name: "value", description: "the beginning of the value", isOptional: true },
  ],
  hasTarget: true,
  options: {
    given: {
      placeholder: "NAME=VALUE",
      description: "Value of another argument",
      isRepeatable: true,
    },
    ...targetOptions,
  },
  run: async (line) => (await import("./complete.ts")).complete(line),
};

const watch: Command = {
  name: "watch",
  summary: "Prints the changes that a server announces.",
  details:
    "Subscribes to changes of the lists, and to updates of the resources that are given. Prints one line " +
    "for each change. Ctrl-C ends the command.",
  examples: ["http://127.0.0.1:3000/mcp place://42"],
  arguments: [
    targetArgument,
    { name: "uri", description: "the URI of a resource", isOptional: true, isRest: true },
  ],
  hasTarget: true,
  options: targetOptions,
  run: async (line) => (await import("./watch.ts")).watch(line),
};

const task: Command = {
  name: "task",
  summary: "Waits for a task, and prints its result.",
  details:
    "Follows a task that an earlier call has started, answers its questions, and prints the result as " +
    "`lutra call` does. Ctrl-C stops waiting; the task continues.",
  examples: [
    "http://127.0.0.1:3000/mcp 3f1c",
    "http://127.0.0.1:3000/mcp 3f1c --state",
    "http://127.0.0.1:3000/mcp 3f1c --cancel",
  ],
  arguments: [targetArgument, { name: "id", description: "the id of a task" }],
  hasTarget: true,
  options: {
    state: { description: "Print the current state, and do not wait" },
    cancel: { description: "Ask the server to cancel the task" },
    ...saveOption,
    ...targetOptions,
  },
  run: async (line) => (await import("./task.ts")).task(line),
};

const skills: Command = {
  name: "skills",
  summary: "Lists the skills of a server, prints one, or downloads it.",
  details:
    "Without a `<skill>`, lists the skills with the digests that approve their content. With one, prints " +
    "its `SKILL.md`, or writes all its files to a folder inside `--to`, whose path it prints. Each file is " +
    "compared with the entry of the skill first.",
  examples: [
    "http://127.0.0.1:3000/mcp",
    "server.ts skill://refunds/SKILL.md",
    "server.ts skill://refunds/SKILL.md --to downloads",
  ],
  arguments: [
    targetArgument,
    { name: "skill", description: "the URI of a `SKILL.md`", isOptional: true },
  ],
  hasTarget: true,
  options: {
    to: { placeholder: "DIR", description: "Folder for downloads", fallback: "none" },
    ...targetOptions,
  },
  run: async (line) => (await import("./skills.ts")).skills(line),
};

const { json: _json, stderr: _stderr, ...inspectedOptions } = targetOptions;

const inspect: Command = {
  name: "inspect",
  summary: "Shows a server in a web page, to explore and call it.",
  details:
    "Serves the console on this machine and prints its link, which contains a secret: anyone who opens " +
    "it can use the server. The page lists what the server offers, calls it with forms, answers its " +
    "questions, and shows the messages. Ctrl-C ends the command and the program of the server.",
  examples: ["http://127.0.0.1:3000/mcp", "server.ts", "-- npx -y some-server"],
  arguments: [targetArgument],
  hasTarget: true,
  options: {
    port: { placeholder: "P", description: "Port of the page", fallback: "a free one" },
    ...inspectedOptions,
  },
  run: async (line) => {
    const { inspect } = await withPackage(
      "@lutra/console",
      "inspect",
      () => import("./inspect.ts"),
    );
    return inspect(line);
  },
};

export const clientCommands: readonly Command[] = [
  list,
  call,
  read,
  prompt,
  complete,
  watch,
  task,
  skills,
  inspect,
];
