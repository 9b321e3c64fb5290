/**
 * The longest time a timer can be set for, some 24 days, in milliseconds; one that is set for longer
 * fires at once. How long to wait may be what a peer says.
 */
export const maxTimerMs: number = 2 ** 31 - 1;
