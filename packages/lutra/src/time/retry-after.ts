/**
 * When another try makes sense: what a server that is busy or away says of it in `Retry-After`
 * (RFC 9110, section 10.2.3), and what a client does about it.
 */
import { isProtocolError } from "../protocol/errors.ts";
import { isTransportError } from "../protocol/transport-error.ts";

/** The longest pause before another try that a server may ask for, in milliseconds: 5 minutes. */
export const maxRetryAfterMs: number = 300_000;

/** Nobody means more than a day. */
const maxReadMs = 86_400_000;
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export interface RetryAfterClock {
  /** The `Date` of the response, since the clocks of two machines differ. */
  readonly date?: string | null | undefined;
  /** The time where the response has no readable `Date`, in milliseconds since 1970. @default Date.now() */
  readonly now?: number | undefined;
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date. Gives milliseconds; `undefined` for what is
 * missing or unreadable, for a date that is over, and for more than a day.
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
 * The pause before another try: what the failure's server asked for in place of a shorter one, but
 * no longer than `maxRetryAfterMs`.
 */
export function pauseBefore(error: unknown, ownMs: number): number {
  const { retryAfterMs = 0 } = isProtocolError(error) || isTransportError(error) ? error : {};
  return Math.max(ownMs, Math.min(retryAfterMs, maxRetryAfterMs));
}

function nowBy({ date, now = Date.now() }: RetryAfterClock): number {
  const answeredAt = parseDate(date ?? "");
  return Number.isNaN(answeredAt) ? now : answeredAt;
}

/** Milliseconds since 1970; `NaN` for anything but the one form that senders may use. */
function parseDate(text: string): number {
  return httpDate.test(text) ? Date.parse(text) : Number.NaN;
}
