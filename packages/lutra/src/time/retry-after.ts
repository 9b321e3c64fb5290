/**
 * `Retry-After` (RFC 9110, section 10.2.3): the time after which an overloaded or unavailable server
 * expects another attempt.
 */
import { isProtocolError } from "../protocol/errors.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/** Maximum pause that a server may ask for, in milliseconds: 5 minutes. */
export const maxRetryAfterMs: number = 300_000;

/** Maximum value of a valid header: one day. */
const maxReadMs = 86_400_000;
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export interface RetryAfterClock {
  /** The `Date` of the response; used because the clocks of two machines differ. */
  readonly date?: string | null | undefined;
  /** The time for responses without a valid `Date`, in milliseconds since 1970. @default Date.now() */
  readonly now?: number | undefined;
}

/**
 * Parses a `Retry-After` header: seconds or an HTTP date. Returns milliseconds, or `undefined` for a
 * missing or invalid header, for a date in the past, and for more than a day.
 */
export function parseRetryAfter(
  header: string | null | undefined,
  clock: RetryAfterClock = {},
): number | undefined {
  const text = header?.trim() ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : parseDate(text) - nowBy(clock);
  return ms >= 0 && ms <= maxReadMs ? ms : undefined;
}

/**
 * Returns the pause before the next attempt: `ownMs`, or the longer pause that the server asked for,
 * up to `maxRetryAfterMs`.
 */
export function pauseBefore(error: unknown, ownMs: number): number {
  const { retryAfterMs = 0 } = isProtocolError(error) || isTransportError(error) ? error : {};
  return Math.max(ownMs, Math.min(retryAfterMs, maxRetryAfterMs));
}

function nowBy({ date, now = Date.now() }: RetryAfterClock): number {
  const answeredAt = parseDate(date ?? "");
  return Number.isNaN(answeredAt) ? now : answeredAt;
}

/** Returns milliseconds since 1970, or `NaN` for a date in a form other than the current one. */
function parseDate(text: string): number {
  return httpDate.test(text) ? Date.parse(text) : Number.NaN;
}
