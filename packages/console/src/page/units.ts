/** Numbers with their units, as the views show them. */

/** Returns a duration in the unit that fits: `0.4 ms`, `37 ms`, `1.2 s`, `3 min`. */
export function durationText(ms: number | undefined): string {
  if (ms === undefined) return "–";
  if (ms === 0) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** Returns a rate per second: `0`, `0.3`, `12`, `1,234`. */
export function rateText(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 0.1) return "< 0.1";
  return perSecond < 10 ? perSecond.toFixed(1) : countText(Math.round(perSecond));
}

/** Returns a share of 1 in percent: `0 %`, `0.4 %`, `12 %`. */
export function percentText(share: number): string {
  const percent = 100 * share;
  if (percent === 0) return "0 %";
  return percent < 9.95 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** Returns a size in bytes: `512 B`, `3.4 kB`, `12 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1_000_000 ? [bytes / 1000, "kB"] : [bytes / 1_000_000, "MB"];
  return `${value < 9.95 ? value.toFixed(1) : countText(Math.round(value))} ${unit}`;
}

/** Returns the time that has passed: `now`, `14 s`, `5 min`, `3 h`, `2 d`. */
export function agoText(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 2) return "now";
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Returns the time of day with milliseconds: `14:03:07.123`. */
export function clockText(at: number, hasMilliseconds = true): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const text = parts.map((part) => String(part).padStart(2, "0")).join(":");
  if (!hasMilliseconds) return text;
  return `${text}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
