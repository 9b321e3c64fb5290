/** A client of `fixtures/tasks-server.ts`. */
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { compiled } from "../compiled.ts";
import type fixture from "./fixtures/tasks-server.ts";

/** The fixture, compiled for plain Node. */
export const tasksModule = compiled(new URL("fixtures/tasks-server.ts", import.meta.url));

export const connect = (url: string, notifications = true) =>
  createClient<typeof fixture>(url, { extensions: [followTasks({ notifications })] });

export function textOf({ content }: { readonly content: readonly unknown[] }): string {
  return (content[0] as { readonly text: string }).text;
}

/**
 * Starts a task that only a second process finishes. Resolves once a first process has begun it.
 *
 * @param notifications False for a client that polls: a SQLite file has no events of other processes
 */
export async function begin(url: string, notifications = true) {
  const client = connect(url, notifications);
  const { task } = await client.tasks.start("survive");
  const taskId = task?.taskId ?? "";
  for await (const { statusMessage } of client.tasks.watch(taskId)) {
    const [, pid] = /^begun by (\d+)$/.exec(statusMessage ?? "") ?? [];
    if (pid !== undefined) return { client, taskId, pid: Number(pid) };
  }
  throw new Error("expected the task to begin");
}
