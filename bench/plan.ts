/** How long to measure. */
export interface Plan {
  /** How many times the processes are started anew. */
  readonly generations: number;
  /** Rounds with the same processes. */
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmUpMs: number;
  /** Requests after which resident memory is read. */
  readonly memoryAt: readonly [few: number, many: number];
  /** The same for the gateway; absent where that would take too long. */
  readonly gatewayMemoryAt?: readonly [few: number, many: number];
  /** Fresh processes that import a package. */
  readonly imports: number;
  /** The folder of another checkout, whose server is measured beside this one's. */
  readonly against: string | undefined;
}

/** The targets are meant for these. */
export const full = {
  // Two processes of one program differ, and so does the machine from second to second: many short
  // rounds tell more than few long ones.
  generations: 4,
  rounds: 5,
  roundMs: 350,
  warmUpMs: 1000,
  memoryAt: [20_000, 200_000],
  gatewayMemoryAt: [50_000, 500_000],
  imports: 15,
} as const;

/** For a look in between. */
export const quick = {
  generations: 1,
  rounds: 3,
  roundMs: 400,
  warmUpMs: 600,
  memoryAt: [5000, 20_000],
  imports: 3,
} as const;
