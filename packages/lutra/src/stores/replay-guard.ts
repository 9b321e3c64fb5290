/**
 * Single use of ids.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

/** Remembers ids that may be used only once. */
export interface ReplayGuard {
  /**
   * Claims `id` for `ttlMs` milliseconds. Resolves to true for the first claim and to false for later
   * ones. Replicas of one server must share a guard. A guard of limited size counts the claims of
   * each `caller`, so that none uses up the claims of the others.
   */
  readonly claim: (id: string, ttlMs: number, caller?: string) => boolean | Promise<boolean>;
  /**
   * Returns the time until a guard that is full for a caller has room again, in milliseconds; undefined
   * while there is room. Until then, `claim` resolves to false. @default there is always room
   */
  readonly fullForMs?: ((caller?: string) => number | undefined) | undefined;
  /** True when all replicas see the same claims. */
  readonly isShared: boolean;
}
