/**
 * Single use of ids.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

/** Remembers ids that may be used only once. */
export interface ReplayGuard {
  /**
   * Claims `id` for `ttlMs` milliseconds. Resolves to true for the first claim and to false for later
   * ones. Replicas of one server must share a guard.
   */
  readonly claim: (id: string, ttlMs: number) => boolean | Promise<boolean>;
  /** True when all replicas see the same claims. */
  readonly isShared: boolean;
}
