/** Identifies a cached response, and who may use it. */
export interface ResponseCacheKey {
  /** The server that sent the response, for example its URL. */
  readonly server: string;
  readonly method: string;
  /** The parameters that affect the result, as canonical JSON. */
  readonly params: string;
  /** The callers that share the response: all, or those of one authorization context. */
  readonly partition: string;
}

/** The responses to a method, or to a method with these parameters, in all partitions. */
export type ResponseCacheMatch = Pick<ResponseCacheKey, "server" | "method"> &
  Partial<Pick<ResponseCacheKey, "params">>;
