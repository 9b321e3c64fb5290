/** The information that every handler of input requests gets besides the request. */
export interface InputInfo {
  /** The address or command of the server, to be shown to the user. */
  readonly server: string;
  /** The method of the request that needs the input, such as `tools/call`. */
  readonly method: string;
  /** The tool, prompt or resource of that request. */
  readonly name?: string | undefined;
  /** The server's name for this input. */
  readonly key: string;
  /** Number of times that this request has required input, including this time. */
  readonly round: number;
  /** Aborts when the answer is no longer needed. */
  readonly signal: AbortSignal;
}
