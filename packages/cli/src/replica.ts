/** The process of a replica, as controlled by the supervisor. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { reportOutputClosed } from "./output.ts";
import { isReplicaMessage, type StartMessage, sendTo } from "./replica-channel.ts";
import { outputOptions, printLabelled } from "./replica-output.ts";

/** The outcome of starting a replica. */
type Started =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string; readonly isTransient: boolean }
  | { readonly kind: "died" };

export interface Replica {
  /** The number of the replica, from 1. A replacement gets the same number. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly socketPath: string;
  /** The message channel to the process. */
  readonly channel: ChildProcess;
  /** True once the module has loaded. */
  readonly hasLoaded: () => boolean;
  readonly started: Promise<Started>;
  /** Resolves when the process has ended, with its exit code or signal as text. */
  readonly ended: Promise<string>;
  /** The files that its module consists of, if they are watched. */
  readonly files: () => readonly string[];
  /**
   * Loads the module again. Resolves to the reason why the previous version stays active, or to
   * undefined once the new one is.
   */
  readonly reload: () => Promise<string | undefined>;
  /** Notifies subscribers that the lists have changed. */
  readonly announce: () => void;
  /** Ends subscriptions gracefully. Other requests are still served. */
  readonly endSubscriptions: () => void;
  /** Kills the process. Without a signal, disconnects the channel, so that the process exits. */
  readonly stop: (signal?: "SIGKILL") => void;
}

const program = fileURLToPath(new URL("./replica-main.js", import.meta.url));

/** Starts the process of one replica. In a terminal, its output is marked with the label. */
export function startReplica(
  number: number,
  label: string,
  start: Omit<StartMessage, "type">,
): Replica {
  // Two processes can't share the port of a debugger, so replicas do not inherit the flag.
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  const channel = fork(program, [], { execArgv, ...outputOptions() });
  printLabelled(channel, number, label);
  sendTo(channel, { type: "lutra.start", ...start });
  let hasLoaded = false;
  let files: readonly string[] = [];
  channel.on("message", (message) => {
    if (!isReplicaMessage(message)) return;
    if (message.type === "lutra.unread") reportOutputClosed();
    if (message.type === "lutra.loaded") hasLoaded = true;
    if ("files" in message) files = message.files;
  });
  const ended = endOf(channel);
  return {
    number,
    pid: channel.pid,
    socketPath: start.socketPath,
    channel,
    ended,
    hasLoaded: () => hasLoaded,
    files: () => files,
    reload: () => reload(channel, ended),
    announce: () => sendTo(channel, { type: "lutra.announce" }),
    started: startOf(channel, ended),
    endSubscriptions: () => sendTo(channel, { type: "lutra.end" }),
    stop: (signal) => {
      if (signal !== undefined) channel.kill(signal);
      else if (channel.connected) channel.disconnect();
    },
  };
}

/** Maximum time for the output of an ended process to arrive, in milliseconds. */
const outputMs = 500;

function endOf(channel: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    channel.once("exit", (code, signal) => {
      const cause = signal ?? `exit code ${code}`;
      // A process that the replica started may keep the output open.
      const timer = setTimeout(() => resolve(cause), outputMs);
      channel.once("close", () => {
        clearTimeout(timer);
        resolve(cause);
      });
    });
    channel.once("error", (error) => {
      // A process that never started emits no exit event.
      if (channel.pid === undefined) resolve(error.message);
    });
  });
}

function startOf(channel: ChildProcess, ended: Promise<string>): Promise<Started> {
  return new Promise((resolve) => {
    channel.on("message", (message) => {
      if (!isReplicaMessage(message)) return;
      if (message.type === "lutra.ready") resolve({ kind: "ready" });
      if (message.type === "lutra.failed") resolve({ ...message, kind: "failed" });
    });
    void ended.then(() => resolve({ kind: "died" }));
  });
}

/** A replica that ends meanwhile is replaced by one that loads the current files. */
async function reload(channel: ChildProcess, ended: Promise<string>): Promise<string | undefined> {
  const reloaded = new Promise<string | undefined>((resolve) => {
    const onMessage = (message: unknown) => {
      if (!isReplicaMessage(message) || message.type !== "lutra.reloaded") return;
      channel.off("message", onMessage);
      resolve(message.problem);
    };
    channel.on("message", onMessage);
  });
  sendTo(channel, { type: "lutra.reload" });
  return await Promise.race([reloaded, ended.then(() => undefined)]);
}
