/** The backend of the Explore view: one client, its calls, and what happens on its wire. */
import { noResponseCache } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { ApiError } from "../api-error.ts";
import type { ApiRoute } from "../api-route.ts";
import { createCalls } from "./calls.ts";
import { readCatalogue } from "./catalogue.ts";
import { createChanges } from "./changes.ts";
import { createEventHub } from "./event-hub.ts";
import { type ExplorerParts, exploreRoutes } from "./explore-routes.ts";
import { createLink } from "./link.ts";
import { createQuestions } from "./questions.ts";
import { createRecordingFetch } from "./recording-fetch.ts";
import { createRecorder } from "./recording-middleware.ts";
import { messageOf } from "./run-call.ts";
import { createRuns } from "./runs.ts";
import type { ExplorerOptions } from "./target.ts";
import { createWireLog } from "./wire-log.ts";

/** The backend of one Explore view. */
export interface Explorer {
  readonly routes: readonly ApiRoute[];
  /** Adds a line that the program of the server has printed. */
  readonly addOutput: (line: string) => void;
  readonly close: () => Promise<void>;
}

/** Creates the backend of the view `explore` for one server. Connects with the first request. */
export function createExplorer(options: ExplorerOptions): Explorer {
  const hub = createEventHub();
  const log = createWireLog(() => hub.broadcastLast("messages", "messages", () => ({})));
  const runs = createRuns((run) => {
    hub.broadcastLast(`run ${run.id}`, "run", () => run);
  });
  const questions = createQuestions(log.currentRun, () => {
    hub.broadcast("questions", questions.open());
  });
  const output = hub.list<string>("output");
  const notifications = hub.list<object>("notification");
  const changes = createChanges(
    ({ method, params }) => notifications.add({ at: Date.now(), method, params }),
    () => hub.broadcast("subscriptions", changes.state()),
  );
  const recording = createRecordingFetch(log);
  const isRecorded = options.target.kind !== "url";
  const link = createLink(options, (era) => ({
    era,
    fetch: recording.fetch,
    cache: noResponseCache,
    elicitation: { form: {}, url: {} },
    onElicit: questions.onElicit,
    onSample: questions.onSample,
    logLevel: "debug",
    maxTimeoutMs: Number.POSITIVE_INFINITY,
    extensions: [followTasks({ onTask: ({ taskId }) => calls.recordTask({ taskId }) })],
    middleware: [createRecorder({ log, isRecorded, onTask: (task) => calls.recordTask(task) })],
    onWarning: (message) => output.add(`warning: ${message}`),
  }));
  const calls = createCalls(link, runs, log);

  const parts: ExplorerParts = {
    ...{ hub, runs, questions, changes, log, link, calls },
    snapshot: () => ({
      target: options.target,
      connection: link.state(),
      runs: runs.summaries(),
      questions: questions.open(),
      subscriptions: changes.state(),
      notifications: notifications.all(),
      output: output.all(),
    }),
    catalogue: async (signal) => {
      try {
        const client = await link.client();
        const catalogue = await readCatalogue(client, signal);
        link.setProblem(undefined);
        changes.open(client);
        return catalogue;
      } catch (error) {
        link.setProblem(messageOf(error));
        throw new ApiError(502, messageOf(error));
      }
    },
  };

  return {
    routes: exploreRoutes(parts),
    addOutput: output.add,
    close: async () => {
      changes.close();
      calls.stop();
      hub.close();
      await link.close();
      await recording.close();
    },
  };
}
