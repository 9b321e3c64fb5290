/**
 * The modules of all processes. The supervisor runs each module once, and every process sends its
 * requests to the same replicas.
 */
import { isDeepStrictEqual } from "node:util";
import type { RunModule, RunningModule, RunningReplica } from "../upstreams/module-upstream.ts";
import type { Channel } from "./channel.ts";
import type { Start, Value } from "./messages.ts";

type Spec = Value<"runModule">;

interface JointModule {
  readonly number: number;
  readonly spec: Spec;
  readonly running: RunningModule;
  /** The replicas that are ready, by a number that no other replica had. */
  readonly replicas: Map<number, RunningReplica>;
  readonly users: Set<Channel>;
  /** The users that have announced their end. */
  readonly draining: Set<Channel>;
  /** True once a user has stopped it. It is not given to further users. */
  isStopping: boolean;
}

export interface JointModules {
  /** Serves a process, until the returned function is called. */
  readonly add: (channel: Channel) => () => void;
  /** Returns the modules whose tasks can be listed, by the names of their upstreams. */
  readonly taskLists: () => readonly (Pick<Spec, "name"> & Pick<RunningModule, "listTasks">)[];
  /** Stops all modules. */
  readonly close: () => Promise<void>;
}

/** Creates the modules of the supervisor. `run` starts the processes of one. */
export function createJointModules(run: RunModule | undefined): JointModules {
  const modules = new RunningModules(run);
  return {
    add: (channel) => {
      channel.on("runModule", (spec) => modules.use(spec, channel));
      channel.on("moduleReady", (number) => modules.ready(number));
      channel.on("drainModule", (number) => modules.drain(channel, number));
      channel.on("stopModule", (number) => modules.stop(channel, number));
      return () => modules.leaveAll(channel);
    },
    taskLists: () => modules.taskLists(),
    close: () => modules.close(),
  };
}

class RunningModules {
  readonly #run: RunModule | undefined;
  readonly #modules = new Map<number, JointModule>();
  #lastModule = 0;
  #lastToken = 0;

  constructor(run: RunModule | undefined) {
    this.#run = run;
  }

  /** Uses a module that runs already, or starts it. Returns its number. */
  use(spec: Spec, channel: Channel): number {
    const all = [...this.#modules.values()];
    const isSame = (one: JointModule) => !one.isStopping && isDeepStrictEqual(one.spec, spec);
    const found = all.find(isSame) ?? this.#start(spec);
    found.users.add(channel);
    for (const [token, replica] of found.replicas) {
      channel.tell("replicaReady", { module: found.number, replica, token });
    }
    return found.number;
  }

  async ready(number: number): Promise<void> {
    await this.#modules.get(number)?.running.ready;
  }

  /** Ends the subscriptions of a module once all of its users have announced their end. */
  drain(channel: Channel, number: number): void {
    const found = this.#modules.get(number);
    if (found === undefined) return;
    found.draining.add(channel);
    if ([...found.users].every((user) => found.draining.has(user))) found.running.drain();
  }

  async stop(channel: Channel, number: number): Promise<void> {
    const found = this.#modules.get(number);
    if (found === undefined) return;
    found.isStopping = true;
    await this.#leave(channel, found);
  }

  leaveAll(channel: Channel): void {
    for (const module of this.#modules.values()) void this.#leave(channel, module);
  }

  taskLists(): ReturnType<JointModules["taskLists"]> {
    // A module that a reload replaces has the same name until its last user has left.
    const current = [...this.#modules.values()].filter(({ isStopping }) => !isStopping);
    return current.map(({ spec, running }) => ({
      name: spec.name,
      listTasks: running.listTasks,
    }));
  }

  async close(): Promise<void> {
    const all = [...this.#modules.values()];
    this.#modules.clear();
    for (const { running } of all) running.drain();
    await Promise.all(all.map(({ running }) => running.stop()));
  }

  #start(spec: Spec): JointModule {
    if (this.#run === undefined) {
      throw new TypeError(`upstreams.${spec.name}.module: requires the option "modules"`);
    }
    this.#lastModule += 1;
    const number = this.#lastModule;
    const [users, replicas] = [new Set<Channel>(), new Map<number, RunningReplica>()];
    const running = this.#run({
      ...spec,
      onReady: ({ number: name, pid, socketPath }) => {
        this.#lastToken += 1;
        const token = this.#lastToken;
        const replica = { number: name, pid, socketPath };
        replicas.set(token, replica);
        for (const user of users) user.tell("replicaReady", { module: number, replica, token });
        return () => {
          replicas.delete(token);
          for (const user of users) user.tell("replicaGone", { module: number, token });
        };
      },
    });
    // The program that runs the processes reports their failures.
    for (const outcome of [running.failed, running.ready]) outcome.catch(() => {});
    const draining = new Set<Channel>();
    const started = { number, spec, running, replicas, users, draining, isStopping: false };
    this.#modules.set(number, started);
    return started;
  }

  /** Stops a module that a user has stopped, once no other one uses it. */
  async #leave(channel: Channel, module: JointModule): Promise<void> {
    const { users, draining, number, running } = module;
    users.delete(channel);
    draining.delete(channel);
    if (!module.isStopping || users.size > 0) return;
    this.#modules.delete(number);
    running.drain();
    await running.stop();
  }
}

/** Returns the option `modules` of a process, which asks the supervisor to run them. */
export function askForModules(
  channel: Channel,
  { principalKey }: Pick<Start, "principalKey">,
): RunModule {
  const modules = new Map<number, (message: Value<"replicaReady">) => void>();
  const early: Value<"replicaReady">[] = [];
  const removals = new Map<number, () => void>();
  channel.on("replicaReady", (message) => {
    const add = modules.get(message.module);
    if (add === undefined) early.push(message);
    else add(message);
  });
  channel.on("replicaGone", ({ token }) => {
    removals.get(token)?.();
    removals.delete(token);
    const at = early.findIndex((message) => message.token === token);
    if (at >= 0) early.splice(at, 1);
  });

  const runModule: RunModule = ({ onReady, ...spec }) => {
    const started = channel.ask("runModule", spec).then((number) => {
      const add = ({ replica, token }: Value<"replicaReady">) => {
        removals.set(token, onReady(replica));
      };
      modules.set(number, add);
      for (const message of early.splice(0)) {
        if (message.module === number) add(message);
        else early.push(message);
      }
      return number;
    });
    const ready = started.then((number) => channel.ask("moduleReady", number));
    ready.catch(() => {});
    return {
      ready,
      // The supervisor reports the failure and ends all processes.
      failed: new Promise<never>(() => {}),
      drain: () => {
        started.then((number) => channel.tell("drainModule", number)).catch(() => {});
      },
      stop: async () => {
        const number = await started.catch(() => undefined);
        if (number === undefined) return;
        modules.delete(number);
        await channel.ask("stopModule", number).catch(() => {});
      },
    };
  };
  return Object.assign(runModule, { principalKey });
}
