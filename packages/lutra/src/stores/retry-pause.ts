const firstMs = 1000;
const longestMs = 60_000;

/**
 * How long a store waits before it tries a run again that was rejected `rejections` times in a row,
 * in milliseconds: a second, then twice as long each time, up to a minute.
 */
export function retryPauseMs(rejections: number): number {
  return Math.min(longestMs, firstMs * 2 ** (rejections - 1));
}
