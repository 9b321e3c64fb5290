/** The scale of an axis. */

/** The upper end of an axis, and its ticks from 0 on. */
export interface Scale {
  readonly max: number;
  readonly ticks: readonly number[];
}

/** Returns a scale with two to five round ticks, whose upper end is at least `highest`. */
export function scaleTo(highest: number, least = 1): Scale {
  const wanted = Math.max(highest, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = [0.25, 0.5, 1, 2, 2.5, 5]
    .map((each) => each * power)
    .find((each) => each * 4 >= wanted);
  const chosen = step ?? 10 * power;
  const count = Math.ceil(wanted / chosen - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_none, index) => index * chosen);
  return { max: count * chosen, ticks };
}
