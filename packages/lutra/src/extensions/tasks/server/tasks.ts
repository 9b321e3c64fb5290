/**
 * Tasks on a server: calls that outlive their request.
 *
 * @spec ext-tasks/tasks#capability-negotiation, ext-tasks/tasks#supported-methods
 */
import {
  defineExtension,
  type Extension,
  type ExtensionHost,
  type ExtensionParts,
  isDeclared,
} from "../../../server/extension.ts";
import type { Shared } from "../../../server/shared.ts";
import { type AnswerToolCall, recallMemory } from "../../../server/tool-call.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import type { TaskStore, TaskWorker } from "../../../stores/task-store.ts";
import { type CompleteTasksOptions, type TasksOptions, withDefaults } from "../options.ts";
import { tasksId, tasksRevision } from "../protocol.ts";
import { createTaskResult, taskCreation } from "./create-task.ts";
import { runDeferred } from "./deferred-call.ts";
import { hasKey } from "./keyed-task.ts";
import { taskFilter } from "./notifications.ts";
import { createOpenTasks, type OpenTasks } from "./open-tasks.ts";
import { createRecords } from "./records.ts";
import { createRunningTasks } from "./running-tasks.ts";
import { servedTaskMethods } from "./task-methods.ts";
import { taskSettings } from "./tool-settings.ts";
import { startWorker } from "./worker.ts";

/**
 * Creates the Tasks extension for a server. Calls of tools with the setting `task` become tasks, which
 * any replica can read and run.
 *
 * A task belongs to the principal that created it; others can't see it. If no transport
 * authenticates callers, all callers count as one, and a task is protected only by its secret id.
 *
 * @throws {TypeError} for invalid options
 * @example
 * ```ts
 * const report = defineTool({
 *   name: "report",
 *   task: "optional",
 *   call: async (_args, context) => {
 *     const rows = await context.step("collect", () => collect(context.signal));
 *     await context.status("Writing");
 *     return write(rows);
 *   },
 * });
 * export default createServer({ name: "x", version: "1", tools: [report], extensions: [tasks()] });
 * ```
 */
export function tasks(options: TasksOptions = {}): Extension {
  const complete = withDefaults(options);
  return defineExtension({
    id: tasksId,
    stage: "stable",
    revision: tasksRevision,
    toolSettings: ["task", "taskOptions"],
    toolRequirements: (definition) =>
      taskSettings(definition).support === "required"
        ? { extensions: { [tasksId]: {} } }
        : undefined,
    install: (host) => installTasks(complete, host),
  });
}

function installTasks(options: CompleteTasksOptions, host: ExtensionHost): ExtensionParts {
  const background = createBackground(options);
  const { events, now } = host;
  const onError = (error: unknown) => host.onError(error, "tasks");
  let openTasks: OpenTasks;
  const records = createRecords({
    store: background.store,
    events,
    now,
    onChange: (record) => openTasks.update(record),
    onStatus: ({ state: { call, status } }) =>
      host.currentObserver()?.task?.({ tool: call.name, status }),
    onError,
  });
  openTasks = createOpenTasks({ limit: options.maxOpenTasks, read: records.read, now });
  const running = createRunningTasks({ events, read: records.read, onError });
  const creation = taskCreation(records, openTasks, options);
  const init = { host, records, running, options, creation };
  background.onStart((store) => startWorker(store, init));

  const answerToolCall = (next: AnswerToolCall): AnswerToolCall => {
    return async (call) => {
      const settings = taskSettings(call.definition);
      const isTask = settings.support !== "never" && isDeclared(call.round.context, tasksId);
      if (!isTask) return next(call);
      background.start();
      const earlier = hasKey(call) ? await creation.find(call) : undefined;
      if (earlier !== undefined) return createTaskResult(earlier);
      if (settings.promoteAfterMs > 0) return runDeferred(call, settings, init);
      const memory = await recallMemory(call);
      return createTaskResult(await creation.create(call, memory));
    };
  };
  // The first request after a restart may be about an existing task.
  const methods = servedTaskMethods(records, host.validator).map(({ method, serve }) => ({
    method,
    serve: (...request: Parameters<typeof serve>) => {
      background.start();
      return serve(...request);
    },
  }));
  return {
    methods,
    answerToolCall,
    filters: [taskFilter({ records, events, maxTasks: options.maxSubscribedTasks, onError })],
    share: background.share,
    close: async () => {
      await background.close();
      running.close();
    },
  };
}

interface Background {
  readonly store: () => TaskStore;
  readonly onStart: (work: (store: TaskStore) => TaskWorker) => void;
  /** Starts the worker, unless it is running. */
  readonly start: () => void;
  readonly share: (shared: Shared) => void;
  readonly close: () => Promise<void>;
}

/**
 * Creates the store and its worker. The worker starts with `share` or with the first request about
 * a task, so that importing a server module starts no background work.
 */
function createBackground({ store: own, closeGraceMs }: CompleteTasksOptions): Background {
  let store = own;
  let work: ((store: TaskStore) => TaskWorker) | undefined;
  let worker: TaskWorker | undefined;
  let isClosed = false;

  function currentStore(): TaskStore {
    store ??= createMemoryTaskStore();
    return store;
  }

  function start(): void {
    if (!isClosed) worker ??= work?.(currentStore());
  }

  return {
    store: currentStore,
    onStart: (begin) => {
      work = begin;
    },
    start,
    share: ({ replicas = 1, tasks: shared, events }) => {
      const next = own ?? shared;
      if (replicas > 1 && !next?.isShared) {
        throw new TypeError(
          "tasks: replicas need a shared store; set `tasks({ store })`, or start them with a program " +
            "that provides one, such as `lutra up`",
        );
      }
      if (replicas > 1 && events === undefined) {
        throw new TypeError(
          "tasks: replicas need a shared event bus, or cancellations do not reach running tasks; " +
            "pass `events` to `share`, such as `openBus(url)` of @lutra/stores",
        );
      }
      if (next !== undefined && next !== store) {
        void worker?.close(0);
        worker = undefined;
        store = next;
      }
      start();
    },
    close: async () => {
      isClosed = true;
      await worker?.close(closeGraceMs);
      worker = undefined;
    },
  };
}
