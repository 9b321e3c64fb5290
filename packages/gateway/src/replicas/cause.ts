/**
 * What went wrong, in one line for an operator. The innermost cause says the most, for instance
 * that the connection was refused; of several attempts at one name the first stands for all.
 */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return causeOf(error.errors[0]);
  return error.cause instanceof Error ? causeOf(error.cause) : error.message;
}
