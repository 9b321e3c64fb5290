/** Connects a command to its server, and converts failures to exit codes. */
import { type Client, type ClientExtension, type ClientOptions, createClient } from "lutra/client";
import { createStdioTransport } from "lutra/node";
import type { Progress } from "lutra/protocol";
import { followTasks, type TaskReference } from "lutra/tasks";
import { CommandError } from "../command-error.ts";
import { type CommandLine, integerOption } from "../command-line.ts";
import type { ExitCode } from "../exit-codes.ts";
import { loadServer } from "../load-server.ts";
import { notice } from "../notice.ts";
import { unreadExitCode } from "../output.ts";
import { version } from "../own-version.ts";
import { stopSignal } from "../stop-signal.ts";
import { cancelled, failureOf } from "./failure.ts";
import { targetOf } from "./find-target.ts";
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
  const opened = await open(target, line, {
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
    return reportFailure(error, connection);
  } finally {
    progress.clear();
    await opened.close();
  }
}

/** Prints a failure on standard error and, with `--json`, also on standard output. */
function reportFailure(error: unknown, { request, isJSON, screen }: Connected): ExitCode {
  const failure = request.signal.aborted ? cancelled : failureOf(error);
  if (failure === undefined) throw error;
  if (isJSON) screen.print(plainJSON({ error: failure.error }));
  notice(failure.message);
  return failure.exitCode;
}

interface Opened {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** No limit on a whole call, because the user can cancel it. */
const noLimit = Number.POSITIVE_INFINITY;
const timeouts = { least: 1, most: 2_147_483_647, fallback: 60_000 };

async function open(target: Target, line: CommandLine, common: ClientOptions): Promise<Opened> {
  const timeoutMs = integerOption(line, "timeout", timeouts);
  const options = { ...common, timeoutMs, maxTimeoutMs: noLimit };
  if (target.kind === "module") {
    const server = await loadServer(target.file);
    const client: Client = createClient(server, options);
    return { client, close: () => client.close().then(() => server.close()) };
  }
  const era = textOption(line, "era");
  const auth = await authOf(target);
  const client = orUsageError(() => {
    if (target.kind === "url") {
      return createClient(target.url, { ...options, ...auth, era, headers: target.headers });
    }
    const stderr = line.options.stderr ? "inherit" : "ignore";
    const transport = createStdioTransport(target.command, { stderr, era });
    return createClient(Object.assign(transport, { info: { name: target.label } }), options);
  });
  return { client, close: client.close };
}

/** Returns the authorization with the sign-in of `--as`. Its code is loaded only then. */
async function authOf(target: Target): Promise<Pick<ClientOptions, "auth">> {
  if (target.kind !== "url" || target.signIn === undefined) return {};
  const { storedSignIn } = await import("../user-authorization.ts");
  return { auth: await storedSignIn(target.signIn, target.url) };
}

/** Converts the error for an invalid value, such as that of `--era`. */
function orUsageError(create: () => Client): Client {
  try {
    return create();
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError(error.message, 2);
    throw error;
  }
}
