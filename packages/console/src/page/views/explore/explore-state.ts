/** The state of the view, as its server reports it. */
import { batch, signal } from "@preact/signals";
import type { Catalogue } from "../../../server/explore/catalogue.ts";
import type { LinkState } from "../../../server/explore/link.ts";
import type { Question } from "../../../server/explore/questions.ts";
import type { Run, RunKind, RunSummary } from "../../../server/explore/runs.ts";
import type { SignInState } from "../../../server/explore/sign-in.ts";
import type { ExploredTarget } from "../../../server/explore/target.ts";
import type { WireMessage } from "../../../server/explore/wire-message.ts";
import { announcement } from "../../announcement.ts";
import { fetchJson, followEvents, type StreamState } from "../../api.ts";

/** A change that the server of the view has announced. */
export interface ChangeNotification {
  readonly at: number;
  readonly method: string;
  readonly params?: { readonly uri?: string };
}

interface Subscriptions {
  readonly uris: readonly string[];
  readonly problem?: string;
}

/** A call with all that is known about it. */
export interface RunDetails extends Run {
  readonly messages: readonly WireMessage[];
}

interface Snapshot {
  readonly target: ExploredTarget;
  readonly connection: LinkState;
  readonly runs: readonly RunSummary[];
  readonly questions: readonly Question[];
  readonly subscriptions: Subscriptions;
  readonly notifications: readonly ChangeNotification[];
  readonly output: readonly string[];
  readonly signIn?: SignInState;
}

export const streamState = signal<StreamState>("connecting");
export const target = signal<ExploredTarget | undefined>(undefined);
export const connection = signal<LinkState>({ era: "auto" });
export const catalogue = signal<Catalogue | undefined>(undefined);
export const catalogueProblem = signal<string | undefined>(undefined);
/** True while the lists are read. */
export const isReading = signal(false);
/** The calls, the newest first. */
export const runs = signal<readonly RunSummary[]>([]);
export const questions = signal<readonly Question[]>([]);
export const subscriptions = signal<Subscriptions>({ uris: [] });
export const notifications = signal<readonly ChangeNotification[]>([]);
export const output = signal<readonly string[]>([]);
/** Undefined for a server at which the page can't sign in. */
export const signIn = signal<SignInState | undefined>(undefined);
/** Increases when there are new messages. */
export const messageCount = signal(0);

let isFollowing = false;

/** Begins to follow the server. Further calls have no effect. */
export function followServer(): void {
  if (isFollowing) return;
  isFollowing = true;
  followEvents("explore/events", {
    onEvent: (event, data) => events[event]?.(data),
    onState: (state) => {
      streamState.value = state;
    },
  });
  void readCatalogue();
}

/** Number of notifications and lines that the page keeps. */
const keptItems = 500;

/** The changes that events make. */
const events: { readonly [event: string]: (data: unknown) => void } = {
  snapshot: (data) => {
    const snapshot = data as Snapshot;
    batch(() => {
      target.value = snapshot.target;
      connection.value = snapshot.connection;
      runs.value = snapshot.runs;
      questions.value = snapshot.questions;
      subscriptions.value = snapshot.subscriptions;
      notifications.value = snapshot.notifications;
      output.value = snapshot.output;
      signIn.value = snapshot.signIn;
      messageCount.value += 1;
    });
  },
  run: (data) => {
    const run = data as RunSummary;
    const known = runs.value.find(({ id }) => id === run.id);
    runs.value =
      known === undefined
        ? [run, ...runs.value]
        : runs.value.map((each) => (each.id === run.id ? run : each));
    if (run.state !== "running" && known?.state !== run.state) {
      announcement.value = `${run.name}: ${run.isError ? "failed" : run.state}`;
    }
  },
  questions: (data) => {
    const open = data as readonly Question[];
    if (open.length > questions.value.length) announcement.value = "The server asks a question";
    questions.value = open;
  },
  connection: (data) => {
    connection.value = data as LinkState;
    void readCatalogue();
  },
  subscriptions: (data) => {
    subscriptions.value = data as Subscriptions;
  },
  notification: (data) => {
    const notification = data as ChangeNotification;
    notifications.value = [...notifications.value, notification].slice(-keptItems);
    if (notification.method.endsWith("/list_changed")) void readCatalogue();
  },
  output: (data) => {
    output.value = [...output.value, data as string].slice(-keptItems);
  },
  signIn: (data) => {
    const next = data as SignInState;
    if (next.phase === "waiting" && signIn.value?.phase !== "waiting") {
      announcement.value = "The server asks you to sign in";
    }
    signIn.value = next;
  },
  messages: () => {
    messageCount.value += 1;
  },
};

let reading: AbortController | undefined;

/** Reads the lists of the server again. */
export async function readCatalogue(): Promise<void> {
  reading?.abort();
  const current = new AbortController();
  reading = current;
  isReading.value = true;
  try {
    const { signal: aborted } = current;
    const read = await fetchJson<Catalogue>("explore/catalogue", undefined, { signal: aborted });
    batch(() => {
      catalogue.value = read;
      catalogueProblem.value = undefined;
    });
  } catch (error) {
    if (!current.signal.aborted) catalogueProblem.value = (error as Error).message;
  } finally {
    if (reading === current) isReading.value = false;
  }
}

/** Starts a call. Resolves to its id. */
export async function startRun(kind: RunKind, name: string, args: object): Promise<number> {
  const { id } = await fetchJson<{ readonly id: number }>("explore/call", { kind, name, args });
  return id;
}

/** Connects again, with a revision. */
export async function chooseEra(era: string): Promise<void> {
  catalogue.value = undefined;
  await fetchJson("explore/connect", { era });
}

/** Returns the newest call of an entry. */
export function lastRunOf(
  kind: RunKind,
  matches: (name: string) => boolean,
): RunSummary | undefined {
  return runs.value.find((run) => run.kind === kind && matches(run.name));
}
