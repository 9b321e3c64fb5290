/** Duration of the measurements. */
export interface Plan {
  /** Number of times the processes are restarted. */
  readonly generations: number;
  /** Rounds with the same processes. */
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
  /** Numbers of requests after which resident memory is read. */
  readonly memoryAt: readonly [few: number, many: number];
  /** The same for the gateway; absent in short plans. */
  readonly gatewayMemoryAt?: readonly [few: number, many: number];
  /** Number of sessions of an earlier revision. */
  readonly sessions: number;
  /** Number of new processes that import a package. */
  readonly imports: number;
  /** The folder of another checkout to compare with. */
  readonly against: string | undefined;
}

/** The plan for which the targets are defined. */
export const full = {
  // Processes of one program differ, and the machine varies over time: many short rounds are more
  // reliable than a few long ones.
  generations: 4,
  rounds: 5,
  roundMs: 350,
  warmUpMs: 1000,
  memoryAt: [20_000, 200_000],
  gatewayMemoryAt: [50_000, 500_000],
  sessions: 10_000,
  imports: 15,
} as const;

/** A quick plan for development. */
export const quick = {
  generations: 1,
  rounds: 3,
  roundMs: 400,
  warmUpMs: 600,
  memoryAt: [5000, 20_000],
  sessions: 2000,
  imports: 3,
} as const;
