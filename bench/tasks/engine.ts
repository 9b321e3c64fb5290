/** What the bench of tasks compares: something that creates a task and has it done. */

/** How many tasks are under way at once. */
export const inFlight = 16;

/** As much as a task of the bench keeps. */
export const state = JSON.stringify({ status: "working", rest: "x".repeat(500) });

export interface Subject {
  readonly name: string;
  /** Resolves when the task is created; `done` when it is completed, too. */
  readonly create: () => Promise<{ readonly done: Promise<unknown> }>;
  readonly close: () => Promise<void>;
}

export interface TaskSample {
  readonly perSecond: number;
  /** How long a creation took, in the middle of all. */
  readonly createMs: number;
}

/** Keeps 16 tasks under way for so long. */
export async function drive(subject: Subject, durationMs: number): Promise<TaskSample> {
  const createMs: number[] = [];
  // Workers keep no process from ending.
  const awake = setInterval(() => {}, 1000);
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
  clearInterval(awake);
  const seconds = (performance.now() - begin) / 1000;
  createMs.sort((a, b) => a - b);
  return {
    perSecond: createMs.length / seconds,
    createMs: createMs[Math.floor(createMs.length / 2)] ?? Number.NaN,
  };
}
