/** Connects a command to its server, and converts failures to exit codes. */
import { type Client, type ClientExtension, isProtocolError, isTransportError } from "lutra/client";
import type { Progress } from "lutra/protocol";
import { followTasks, type TaskReference } from "lutra/tasks";
import type { CommandLine } from "../command-line.ts";
import type { ExitCode } from "../exit-codes.ts";
import { notice } from "../notice.ts";
import { unreadExitCode } from "../output.ts";
import { version } from "../own-version.ts";
import { defaultSignIn } from "../sign-in-name.ts";
import { stopSignal } from "../stop-signal.ts";
import { cancelled, failureOf } from "./failure.ts";
import { targetOf } from "./find-target.ts";
import { openTarget } from "./open-target.ts";
import { textOption } from "./options.ts";
import { plainJSON } from "./plain-text.ts";
import { createProgressLine, type ProgressLine } from "./progress-line.ts";
import { createQuestions } from "./questions.ts";
import { createScreen, type Screen } from "./screen.ts";
import type { Target } from "./target.ts";

/** A server that a command is connected to. */
export interface Connected {
  readonly client: Client;
  /** Returns the command line for an entry of this server, with the name and the arguments of it. */
  readonly usageOf: (command: string, words: string) => string;
  readonly screen: Screen;
  /** True for `--json`. */
  readonly isJSON: boolean;
  /** Options of a request: it is cancelled by a signal, and its progress is shown. */
  readonly request: {
    readonly signal: AbortSignal;
    readonly onProgress: (progress: Progress) => void;
  };
  /** Called with the task that a call becomes. */
  onTask: (task: TaskReference) => void | Promise<void>;
}

/**
 * Connects to the server of a command line, runs `run`, and closes the connection. `extend` adds
 * extensions to the client.
 *
 * @throws {CommandError} for an invalid target or option
 */
export async function withServer(
  line: CommandLine,
  run: (server: Connected) => Promise<ExitCode>,
  extend: Extend = () => [],
): Promise<number> {
  const screen = createScreen();
  const stop = new AbortController();
  let stopCode = 0;
  void stopSignal().then((code) => {
    stopCode = code;
    stop.abort();
  });
  const progress = createProgressLine();
  try {
    const code = await connected(line, { screen, progress, signal: stop.signal, extend }, run);
    return stopCode === unreadExitCode ? unreadExitCode : code;
  } finally {
    progress.clear();
    await screen.flushed();
  }
}

/** Returns the extensions that a command adds to its client, given the name of the server. */
export type Extend = (server: string) => readonly ClientExtension[];

interface Surroundings {
  readonly extend: Extend;
  readonly screen: Screen;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

async function connected(
  line: CommandLine,
  { screen, progress, signal, extend }: Surroundings,
  run: (server: Connected) => Promise<ExitCode>,
): Promise<ExitCode> {
  const target = targetOf(line);
  const questions = createQuestions(target.label, progress);
  const print = (text: string) => {
    progress.clear();
    screen.print(text);
  };
  const server: Omit<Connected, "client"> = {
    usageOf: (command, words) =>
      line.program === undefined
        ? `lutra ${command} ${target.label} ${words}`
        : `lutra ${command} ${words} -- ${target.label}`,
    screen: { ...screen, print },
    isJSON: line.options.json === true,
    request: { signal, onProgress: progress.show },
    onTask: () => {},
  };
  const opened = await openTarget(target, line, {
    era: textOption(line, "era"),
    stderr: line.options.stderr ? "inherit" : "ignore",
    clientInfo: { name: "lutra", version },
    elicitation: { form: {}, url: {} },
    onElicit: questions.ask,
    extensions: [
      followTasks({ onTask: (task) => connection.onTask(task) }),
      ...extend(target.label),
    ],
    onWarning: (message) => notice(`warning: ${message}`),
  });
  const connection: Connected = { ...server, client: opened.client };
  try {
    return await run(connection);
  } catch (error) {
    return reportFailure(error, connection, target);
  } finally {
    progress.clear();
    await opened.close();
  }
}

/** Prints a failure on standard error and, with `--json`, also on standard output. */
function reportFailure(
  error: unknown,
  { request, isJSON, screen }: Connected,
  target: Target,
): ExitCode {
  const failure = request.signal.aborted ? cancelled : failureOf(error);
  if (failure === undefined) throw error;
  if (isJSON) screen.print(plainJSON({ error: failure.error }));
  notice(failure.message + remedyFor(error, target));
  return failure.exitCode;
}

/** Returns the options that send credentials, for the refusal of a request without any. */
function remedyFor(error: unknown, target: Target): string {
  const hasStatus = isTransportError(error) || isProtocolError(error);
  if (!hasStatus || error.status !== 401) return "";
  if (target.kind !== "url" || target.signIn !== undefined) return "";
  return `; pass a token with --header "Authorization: Bearer ...", or run lutra login ${target.url} and pass --as ${defaultSignIn}`;
}
