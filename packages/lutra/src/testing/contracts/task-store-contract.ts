import type { TaskStore } from "../../stores/task-store.ts";
import type { ContractCase } from "./contract-case.ts";
import { taskClosingCases } from "./task-closing-cases.ts";
import { taskKeepingCases } from "./task-keeping-cases.ts";
import {
  type LoseProcess,
  taskLostAttemptCases,
  taskOrderlyEndCases,
} from "./task-lost-attempt-cases.ts";
import { taskPauseCases } from "./task-pause-cases.ts";
import { taskTurnCases } from "./task-turn-cases.ts";
import { taskWorkCases } from "./task-work-cases.ts";

/**
 * Opens two stores over the same data, as two replicas do. For a store in memory, both are the same.
 * Each case closes both.
 */
export type OpenTaskStores = () => Promise<readonly [TaskStore, TaskStore]>;

export interface TaskStoreContractOptions {
  /**
   * Causes a process to appear dead, for the cases about lost attempts. A store that ends with its process
   * needs none. @default without these cases
   */
  readonly lose?: LoseProcess;
}

/**
 * Returns the contract of a `TaskStore` as cases for any test runner. Cases may share one database.
 * Those about rejected attempts take as long as the store's pause before the next attempt.
 *
 * @example
 * ```ts
 * for (const { name, run } of taskStoreContract(async () => [await open(), await open()])) {
 *   it(name, run);
 * }
 * ```
 */
export function taskStoreContract(
  open: OpenTaskStores,
  { lose }: TaskStoreContractOptions = {},
): readonly ContractCase[] {
  const withStores =
    (body: (one: TaskStore, other: TaskStore) => Promise<void>) => async (): Promise<void> => {
      const [one, other] = await open();
      try {
        await body(one, other);
      } finally {
        await Promise.all([one.close(), other.close()]);
      }
    };
  const cases = [
    ...taskKeepingCases,
    ...taskWorkCases,
    ...taskTurnCases,
    ...taskPauseCases,
    ...taskClosingCases,
    ...taskOrderlyEndCases,
    ...(lose ? taskLostAttemptCases(lose) : []),
  ];
  return cases.map(({ name, body }) => ({ name, run: withStores(body) }));
}
