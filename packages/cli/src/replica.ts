/** The process of a replica, as controlled by the supervisor. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { reportOutputClosed } from "./output.ts";
import { isReplicaMessage, type StartMessage, sendTo } from "./replica-channel.ts";

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
  readonly started: Promise<Started>;
  /** Resolves when the process has ended, with its exit code or signal as text. */
  readonly ended: Promise<string>;
  /** Ends subscriptions gracefully. Other requests are still served. */
  readonly endSubscriptions: () => void;
  /** Kills the process. Without a signal, disconnects the channel, so that the process exits. */
  readonly stop: (signal?: "SIGKILL") => void;
}

const program = fileURLToPath(new URL("./replica-main.js", import.meta.url));

/** Starts the process of one replica. It inherits the standard output and error of this process. */
export function startReplica(number: number, start: Omit<StartMessage, "type">): Replica {
  // Two processes can't share the port of a debugger, so replicas do not inherit the flag.
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  const channel = fork(program, [], { execArgv });
  sendTo(channel, { type: "lutra.start", ...start });
  channel.on("message", (message) => {
    if (isReplicaMessage(message) && message.type === "lutra.unread") reportOutputClosed();
  });
  const ended = endOf(channel);
  return {
    number,
    pid: channel.pid,
    socketPath: start.socketPath,
    channel,
    ended,
    started: startOf(channel, ended),
    endSubscriptions: () => sendTo(channel, { type: "lutra.end" }),
    stop: (signal) => {
      if (signal !== undefined) channel.kill(signal);
      else if (channel.connected) channel.disconnect();
    },
  };
}

function endOf(channel: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    channel.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
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
