/** One part of the attack: a table of hostile inputs and of their effect. */
export interface Part {
  /** The name on the command line. */
  readonly name: string;
  readonly title: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** Sends every input, one at a time. */
  readonly run: () => Promise<readonly Outcome[]>;
}

/** The effect of one input. */
export interface Outcome {
  /** One cell for each column. */
  readonly cells: readonly string[];
  /** False when a bound was exceeded. */
  readonly isHeld: boolean;
}
