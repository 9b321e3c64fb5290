/** The tasks in the stores of modules that the gateway runs, without arguments, answers and results. */
import { hash } from "node:crypto";
import { ApiError, type ShownTask, type TaskList } from "@lutra/console";
import { taskOverview, taskPrincipal } from "lutra/internal";
import {
  isProtocolError,
  type JSONRPCRequest,
  latestVersion,
  metaKeys,
  type Principal,
} from "lutra/protocol";
import { randomId } from "lutra/server";
import type { ListedTask } from "lutra/stores";
import { cancelTask, tasksId } from "lutra/tasks";
import { version } from "../own-version.ts";
import type { ConsoleSources } from "./console-sources.ts";

/** Maximum number of tasks of one store that are listed. */
const maxTasks = 200;

type TaskSources = Pick<ConsoleSources, "taskUpstreams">;

/** Lists the tasks of all stores. A store that can't be read does not hide the others. */
export async function taskList({ taskUpstreams }: TaskSources): Promise<TaskList> {
  const problems: string[] = [];
  const stores = taskUpstreams().filter(({ listTasks }) => listTasks !== undefined);
  const lists = stores.map(async ({ name, listTasks }) => {
    try {
      const listed = (await listTasks?.(maxTasks)) ?? [];
      return listed.flatMap((task) => shownTask(name, task) ?? []);
    } catch (error) {
      problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  });
  const tasks = (await Promise.all(lists)).flat();
  return { tasks, stores: stores.map(({ name }) => name), problems };
}

function shownTask(upstream: string, listed: ListedTask): ShownTask | undefined {
  const overview = taskOverview(listed);
  if (overview === undefined) return undefined;
  const { taskId, ...shown } = overview;
  return { upstream, key: keyOf(taskId), ...shown };
}

/** The id of a task would give access to it, so the page gets a hash. */
function keyOf(taskId: string): string {
  return hash("sha256", taskId, "hex").slice(0, 16);
}

interface Cancelling {
  readonly upstream: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

/**
 * Cancels a task as its caller would, so that the process that runs it is notified. Resolves to the
 * name of the tool.
 *
 * @throws {ApiError} for an unknown task, and if the upstream refuses
 */
export async function cancelShownTask(
  { taskUpstreams }: TaskSources,
  { upstream: name, key, signal }: Cancelling,
): Promise<string> {
  const upstream = taskUpstreams().find((one) => one.name === name);
  const listed = (await upstream?.listTasks?.(maxTasks)) ?? [];
  const found = listed.find(({ task }) => keyOf(task.taskId) === key);
  if (upstream === undefined || found === undefined) {
    throw new ApiError(404, `no such task in the store of ${name}`);
  }
  const principal = (taskPrincipal(found) ?? undefined) as Principal | undefined;
  try {
    await upstream.serve(cancelRequest(found.task.taskId), { signal, principal, notify: () => {} });
  } catch (error) {
    throw isProtocolError(error) ? new ApiError(502, error.message) : error;
  }
  return taskOverview(found)?.tool ?? "a tool";
}

function cancelRequest(taskId: string): JSONRPCRequest {
  const _meta = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientInfo]: { name: "lutra-console", version },
    [metaKeys.clientCapabilities]: { extensions: { [tasksId]: {} } },
  };
  const params = { taskId, _meta };
  return { jsonrpc: "2.0", id: `console-${randomId(9)}`, method: cancelTask.name, params };
}
