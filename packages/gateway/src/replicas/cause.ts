/**
 * Returns the message of the innermost cause, because it is the most precise: for example, that the
 * connection was refused. If several addresses of a host were tried, the first error is used.
 */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return error.cause instanceof Error ? causeOf(error.cause) : error.message;
}
