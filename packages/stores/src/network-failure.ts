const reasons: { readonly [code: string]: string } = {
  ENOTFOUND: "is unknown: no such host",
  EAI_AGAIN: "is unknown: its name does not resolve for now",
  ECONNREFUSED: "is unreachable: connection refused",
};

/** Returns the reason why a server can't be reached; `undefined` for other errors. */
export function networkFailure(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? reasons[String(error.code)] : undefined;
}
