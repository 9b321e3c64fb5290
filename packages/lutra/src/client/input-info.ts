/** What every handler of input requests is told beside the question. */
export interface InputInfo {
  /** The server that asks, to show it to the user: its address or command. */
  readonly server: string;
  /** The method of the request that needs the input, such as `tools/call`. */
  readonly method: string;
  /** The tool, prompt or resource it is about. */
  readonly name?: string | undefined;
  /** The server's name for this input. */
  readonly key: string;
  /** 1 for the first time that this request asks for input, 2 for the second... */
  readonly round: number;
  /** Aborts when the answer is no longer wanted. */
  readonly signal: AbortSignal;
}
