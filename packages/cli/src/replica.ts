/** The supervisor's view of one process that serves. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { noteOutputClosed } from "./output.ts";
import { isReplicaMessage, type StartMessage, sendTo } from "./replica-channel.ts";

/** How the start of a replica went. */
export type Started =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string; readonly mayPass: boolean }
  | { readonly kind: "died" };

export interface Replica {
  /** Its place in the fleet, from 1; the one that takes its place has the same. */
  readonly number: number;
  readonly pid: number | undefined;
  readonly socketPath: string;
  /** The channel to it. */
  readonly channel: ChildProcess;
  readonly started: Promise<Started>;
  /** Resolves when the process is gone, with what ended it. */
  readonly ended: Promise<string>;
  /** Ends subscriptions with their graceful result. Other requests are still answered. */
  readonly endSubscriptions: () => void;
  /** Ends the process: at once with `SIGKILL`, otherwise as soon as it listens. */
  readonly stop: (signal?: "SIGKILL") => void;
}

const program = fileURLToPath(new URL("./replica-main.js", import.meta.url));

/** Starts the process of one replica. What it prints goes where this process prints. */
export function startReplica(number: number, start: Omit<StartMessage, "type">): Replica {
  // A debugger listens on one port, which a second process can't have, too.
  const execArgv = process.execArgv.filter((flag) => !flag.startsWith("--inspect"));
  const channel = fork(program, [], { execArgv });
  sendTo(channel, { type: "lutra.start", ...start });
  channel.on("message", (message) => {
    if (isReplicaMessage(message) && message.type === "lutra.unread") noteOutputClosed();
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
      // Without a process there is no exit.
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
