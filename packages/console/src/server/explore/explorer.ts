/** The backend of the Explore view: one client, its calls, and its messages. */
import { showApps } from "lutra/apps/host";
import { noResponseCache } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { ApiError } from "../api-error.ts";
import type { ApiRoute } from "../api-route.ts";
import { createCalls } from "./calls.ts";
import { type Catalogue, type CatalogueOptions, readCatalogue } from "./catalogue.ts";
import { createChanges } from "./changes.ts";
import { createEventHub } from "./event-hub.ts";
import { type ExplorerParts, exploreRoutes } from "./explore-routes.ts";
import { createLink } from "./link.ts";
import { createQuestions } from "./questions.ts";
import { createRecordingFetch } from "./recording-fetch.ts";
import { createRecorder } from "./recording-middleware.ts";
import { messageOf } from "./run-call.ts";
import { createRuns } from "./runs.ts";
import { createSignIn, type SignIn, type SignInState } from "./sign-in.ts";
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
  const { sandbox, target } = options;
  const signIn = signInFor(options, (state) => hub.broadcast("signIn", state));
  const recording = createRecordingFetch(log, (answer) => signIn?.answered(answer));
  const isRecorded = target.kind !== "url";
  const link = createLink(options, (era) => ({
    era,
    fetch: recording.fetch,
    ...(signIn && { auth: signIn.auth }),
    cache: noResponseCache,
    elicitation: { form: {}, url: {} },
    onElicit: questions.onElicit,
    onSample: questions.onSample,
    logLevel: "debug",
    maxTimeoutMs: Number.POSITIVE_INFINITY,
    extensions: [
      followTasks({ onTask: ({ taskId }) => calls.recordTask({ taskId }) }),
      ...(sandbox === undefined ? [] : [showApps()]),
    ],
    middleware: [createRecorder({ log, isRecorded, onTask: (task) => calls.recordTask(task) })],
    onWarning: (message) => output.add(`warning: ${message}`),
  }));
  const calls = createCalls(link, runs, log);

  const parts: ExplorerParts = {
    ...{ hub, runs, questions, changes, log, link, calls, signIn },
    snapshot: () => ({
      target,
      connection: link.state(),
      runs: runs.summaries(),
      questions: questions.open(),
      subscriptions: changes.state(),
      notifications: notifications.all(),
      output: output.all(),
      signIn: signIn?.state(),
    }),
    catalogue: (signal) => catalogueFrom({ link, changes, signIn }, { signal, sandbox }),
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

/** Returns the sign-in of a server, if the options ask for it and its tokens could not be read. */
function signInFor(
  { target: { url }, signsIn = false }: ExplorerOptions,
  onChange: (state: SignInState | undefined) => void,
): SignIn | undefined {
  if (!signsIn || url === undefined) return undefined;
  const signIn: SignIn | undefined = createSignIn(url, () => onChange(signIn?.state()));
  return signIn;
}

/** Reads the lists, and follows their changes from then on. */
async function catalogueFrom(
  { link, changes, signIn }: Pick<ExplorerParts, "link" | "changes" | "signIn">,
  options: CatalogueOptions,
): Promise<Catalogue> {
  try {
    const client = await link.client();
    const catalogue = await readCatalogue(client, options);
    link.setProblem(undefined);
    changes.open(client, catalogue.capabilities);
    return catalogue;
  } catch (error) {
    signIn?.failed(error);
    link.setProblem(messageOf(error));
    throw new ApiError(502, messageOf(error));
  }
}
