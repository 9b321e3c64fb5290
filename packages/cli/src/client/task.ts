/** `lutra task`: follows a task, or shows or cancels it. */
import type { CallToolResult } from "lutra/protocol";
import type { DetailedTask } from "lutra/tasks";
import { CommandError } from "../command-error.ts";
import type { CommandLine } from "../command-line.ts";
import type { ExitCode } from "../exit-codes.ts";
import { notice } from "../notice.ts";
import { type Connected, withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON, plainLine } from "./plain-text.ts";
import { printResult } from "./print-result.ts";
import { tableLines } from "./screen.ts";

export async function task(line: CommandLine): Promise<number> {
  const { state, cancel } = line.options;
  if (state && cancel) throw new CommandError("--state and --cancel: expected one of them", 2);
  const id = restOf(line)[0] as string;
  return withServer(line, async (server) => {
    const { client, request } = server;
    const options = { signal: request.signal };
    if (cancel) {
      await client.tasks.cancel(id, options);
      notice("asked the server to cancel the task");
      return 0;
    }
    if (state) return printState(await client.tasks.get(id, options), server);
    const result: CallToolResult = await client.tasks.resume(id, options);
    return printResult(result, server, textOption(line, "save"));
  });
}

function printState(task: DetailedTask, { screen, isJSON }: Connected): ExitCode {
  if (isJSON) {
    screen.print(plainJSON(task));
    return 0;
  }
  const { status, statusMessage, createdAt, lastUpdatedAt, ttlMs } = task;
  const asked = task.status === "input_required" ? Object.keys(task.inputRequests).length : 0;
  const rows = [
    ["status", status],
    ["message", statusMessage],
    ["created", createdAt],
    ["updated", lastUpdatedAt],
    ["kept for", ttlMs === null ? "ever" : `${Math.round(ttlMs / 1000)} s`],
    ["open questions", asked === 0 ? undefined : String(asked)],
    ["error", task.status === "failed" ? task.error.message : undefined],
  ] as const;
  const shown = rows.flatMap(([term, text]) =>
    text === undefined ? [] : [{ term, text: plainLine(text) }],
  );
  screen.print(tableLines(shown, screen).join("\n"));
  return 0;
}
