/** A contender in the task bench: creates a task and completes it. */

/** Number of concurrent tasks. */
export const inFlight = 16;

/** The stored state of a bench task, without the outcome of its step. */
export const row = {
  status: "working",
  createdAt: 1_790_000_000_000,
  lastUpdatedAt: 1_790_000_000_000,
  ttlMs: 3_600_000,
  pollIntervalMs: 1000,
  call: {
    name: "work",
    arguments: {},
    meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientCapabilities": {
        extensions: { "io.modelcontextprotocol/tasks": {} },
      },
    },
    principal: null,
  },
  memory: { answers: {}, steps: {}, exchange: "xxxxxxxxxxxxxxxxxxxxxx" },
  round: 1,
  asked: 0,
  questions: {},
} as const;

export const state = JSON.stringify(row);

/** Maximum number of tasks of an in-memory engine: all tasks of a round. */
export const maxTasks = 10_000_000;

export interface Subject {
  /** Resolves when the task is created; `done` resolves when it is completed. */
  readonly create: () => Promise<{ readonly done: Promise<unknown> }>;
}

export interface TaskSample {
  readonly count: number;
  readonly ms: number;
  /** Median duration of a creation, in milliseconds. */
  readonly createMs: number;
}

/** Keeps a number of tasks in flight for a duration. */
export async function drive(
  subject: Subject,
  { inFlight, durationMs }: { readonly inFlight: number; readonly durationMs: number },
): Promise<TaskSample> {
  const createMs: number[] = [];
  const begin = performance.now();
  const lane = async () => {
    while (performance.now() - begin < durationMs) {
      const created = performance.now();
      const { done } = await subject.create();
      createMs.push(performance.now() - created);
      await done;
      // A task that never waits would keep the others from starting.
      if (createMs.length % 64 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const ms = performance.now() - begin;
  createMs.sort((a, b) => a - b);
  const middle = createMs[Math.floor(createMs.length / 2)] ?? Number.NaN;
  return { count: createMs.length, ms, createMs: middle };
}
