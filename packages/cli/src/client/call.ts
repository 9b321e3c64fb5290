/** `lutra call`: calls a tool. */
import { closest } from "lutra/internal";
import type { CallToolResult, Tool } from "lutra/protocol";
import { CommandError } from "../command-error.ts";
import type { CommandLine } from "../command-line.ts";
import type { ExitCode } from "../exit-codes.ts";
import { notice } from "../notice.ts";
import { toolArguments } from "./arguments.ts";
import { type Connected, withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON, plainLine } from "./plain-text.ts";
import { printResult } from "./print-result.ts";
import { printToolHelp } from "./tool-help.ts";

export async function call(line: CommandLine): Promise<number> {
  return withServer(line, async (server) => {
    const tool = await findTool(server, restOf(line)[0] as string);
    if (line.options.help) {
      printToolHelp(tool, server);
      return 0;
    }
    return callTool(tool, line, server);
  });
}

async function findTool({ client, request }: Connected, name: string): Promise<Tool> {
  const { tools } = await client.listTools({ signal: request.signal });
  const found = tools.find((tool) => tool.name === name);
  if (found !== undefined) return found;
  throw unknownEntry("tool", name, tools);
}

/** Returns the error for a name that the list of a server does not have. */
export function unknownEntry(
  kind: "tool" | "prompt",
  name: string,
  entries: readonly { readonly name: string }[],
): CommandError {
  const meant = closest(
    name,
    entries.map((entry) => entry.name),
  );
  const hint = meant === undefined ? "`lutra list` shows all" : `did you mean ${plainLine(meant)}?`;
  return new CommandError(`unknown ${kind} ${name}; ${hint.replaceAll("`", "")}`, 2);
}

async function callTool(tool: Tool, line: CommandLine, server: Connected): Promise<ExitCode> {
  const args = await toolArguments(line, tool);
  if (line.options.detach) return start(tool, args, server);
  const { client, request } = server;
  let taskId: string | undefined;
  server.onTask = (task) => {
    taskId = task.taskId;
    notice(`the call is now a task: ${plainLine(task.taskId)}`);
  };
  try {
    const result = await client.callTool(tool.name, args, request);
    return printResult(result, server, textOption(line, "save"));
  } catch (error) {
    // The signal stops the wait. The task continues.
    if (request.signal.aborted && taskId !== undefined) await client.tasks.cancel(taskId);
    throw error;
  }
}

async function start(
  { name }: Tool,
  args: CallToolResult["structuredContent"] & object,
  server: Connected,
): Promise<ExitCode> {
  const { client, request, screen, isJSON } = server;
  const started = await client.tasks.start(name, { ...args }, request);
  const { task } = started;
  if (task === undefined) return printResult(await started.result(), server, undefined);
  screen.print(isJSON ? plainJSON(task) : plainLine(task.taskId));
  return 0;
}
