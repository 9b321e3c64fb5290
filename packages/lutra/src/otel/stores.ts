/** The spans of calls to stores. */
import { context as contexts, type Tracer, trace } from "@opentelemetry/api";
import { inSpan } from "./in-span.ts";
import { type TracingOptions, tracerOf } from "./request-span.ts";

/** The traced functions of the state that `server.share` takes, by its members. */
const operations: { readonly [member: string]: readonly string[] } = {
  events: ["publish"],
  handles: ["create", "get", "replace", "delete"],
  replayGuard: ["claim"],
  tasks: ["create", "hold", "get", "replace"],
};

/** The traced functions of an attempt at a task, which a store passes to a worker. */
const attemptOperations = ["replace", "end"];

/**
 * Returns the state for `server.share` with spans for the calls to its stores. Calls outside of a
 * span, such as those of an idle worker, have none.
 *
 * @throws {TypeError} for an unknown option
 * @example
 * ```ts
 * server.share(traceStores({ tasks: store.tasks, handles: store.handles }));
 * ```
 */
export function traceStores<Shared extends object>(
  shared: Shared,
  options: Pick<TracingOptions, "tracer"> = {},
): Shared {
  const tracer = tracerOf(options, "traceStores");
  const traced = Object.entries(shared).map(([member, store]) => {
    const names = operations[member];
    if (names === undefined || typeof store !== "object" || store === null) return [member, store];
    const wrapped = traceCalls(tracer, store, { member, names });
    return [member, member === "tasks" ? traceAttempts(tracer, wrapped) : wrapped];
  });
  return Object.fromEntries(traced) as Shared;
}

type Call = (...args: unknown[]) => unknown;

interface TracedCalls {
  /** The name of the store in the spans. */
  readonly member: string;
  readonly names: readonly string[];
}

/** Returns an object with the same members, whose named functions run in spans. */
function traceCalls<Store extends object>(
  tracer: Tracer,
  store: Store,
  { member, names }: TracedCalls,
): Store {
  const calls = new Map(
    names.map((name) => {
      const call = Reflect.get(store, name) as Call;
      const attributes = { "lutra.store": member, "lutra.store.operation": name };
      const run: Call = (...args) => {
        const parent = contexts.active();
        if (trace.getSpan(parent) === undefined) return call.apply(store, args);
        const span = { name: `store ${member} ${name}`, attributes, parent };
        return inSpan(tracer, span, () => call.apply(store, args));
      };
      return [name, run] as const;
    }),
  );
  return withMembers(store, calls);
}

/** Traces the writes of attempts, which go through an object that the store creates. */
function traceAttempts<Store extends object>(tracer: Tracer, store: Store): Store {
  const attempt = <Taken extends object>(taken: Taken) =>
    traceCalls(tracer, taken, { member: "tasks", names: attemptOperations });
  const { hold, work } = store as unknown as {
    readonly hold: (task: unknown) => Promise<object>;
    readonly work: (options: { readonly run: (taken: object) => unknown }) => unknown;
  };
  const calls = new Map<string, Call>([
    ["hold", async (task) => attempt(await hold(task))],
    [
      "work",
      (options) => {
        const { run, ...others } = options as { readonly run: (taken: object) => unknown };
        return work({ ...others, run: (taken) => run(attempt(taken)) });
      },
    ],
  ]);
  return withMembers(store, calls);
}

/** Returns an object with the members of another one, of which some functions are replaced. */
function withMembers<Target extends object>(
  target: Target,
  members: ReadonlyMap<string, Call>,
): Target {
  const copy = {};
  for (const name of memberNames(target)) {
    const get = () => {
      const value: unknown = members.get(name) ?? Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    };
    Object.defineProperty(copy, name, { get, enumerable: true });
  }
  return copy as Target;
}

/** Returns the names of an object's members, also of those that its class defines. */
function memberNames(target: object): ReadonlySet<string> {
  const names = new Set<string>();
  for (let own = target; own !== Object.prototype; own = Object.getPrototypeOf(own)) {
    for (const name of Object.getOwnPropertyNames(own)) names.add(name);
  }
  names.delete("constructor");
  return names;
}
