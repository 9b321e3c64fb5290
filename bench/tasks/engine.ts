/** What the bench of tasks compares: something that creates a task and has it done. */

/** How many tasks are under way at once. */
export const inFlight = 16;

/** What a task of the bench keeps, without the outcome of its step. */
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

/** What an engine in memory keeps at the most: all that a round of the bench creates. */
export const maxTasks = 10_000_000;

export interface Subject {
  /** Resolves when the task is created; `done` when it is completed, too. */
  readonly create: () => Promise<{ readonly done: Promise<unknown> }>;
}

export interface TaskSample {
  readonly count: number;
  readonly ms: number;
  /** How long a creation took, in the middle of all. */
  readonly createMs: number;
}

/** Keeps so many tasks under way for so long. */
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
      // What never waits for anything else would keep the other tasks from beginning.
      if (createMs.length % 64 === 0) await new Promise(setImmediate);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const ms = performance.now() - begin;
  createMs.sort((a, b) => a - b);
  const middle = createMs[Math.floor(createMs.length / 2)] ?? Number.NaN;
  return { count: createMs.length, ms, createMs: middle };
}
