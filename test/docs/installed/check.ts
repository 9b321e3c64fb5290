/** One check of a block. It resolves to the version of the package, and rejects if it fails. */
export interface Check {
  /** The document. */
  readonly page: string;
  readonly title: string;
  readonly run: () => Promise<string>;
}
