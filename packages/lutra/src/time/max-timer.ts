/**
 * The longest delay of a timer, about 24 days, in milliseconds. A timer with a longer delay fires at
 * once, so delays that a peer chooses must be clamped.
 */
export const maxTimerMs: number = 2 ** 31 - 1;
