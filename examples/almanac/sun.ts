/** Sunrise and sunset, accurate to a few minutes. */

export interface Daylight {
  /** UTC, such as `2026-06-21T03:47Z`; absent on days without a sunrise. */
  readonly sunrise?: string;
  readonly sunset?: string;
  readonly hours: number;
}

const dayMs = 86_400_000;
const radians = Math.PI / 180;
/** Altitude of the sun's centre at sunrise, in degrees. */
const horizon = -0.833;

/** Returns the daylight of a day, such as `2026-06-21`, at a position. */
export function daylight(date: string, lat: number, lng: number): Daylight {
  const noonUTC = Date.parse(`${date}T12:00Z`);
  const days = noonUTC / dayMs - 10_957.5 - lng / 360;
  const anomaly = 357.5291 + 0.98560028 * days;
  const sun = (factor: number) => Math.sin(factor * anomaly * radians);
  const center = 1.9148 * sun(1) + 0.02 * sun(2) + 0.0003 * sun(3);
  const longitude = anomaly + center + 180 + 102.9372;
  const equationOfTime = 0.0053 * sun(1) - 0.0069 * Math.sin(2 * longitude * radians);
  const declination = Math.asin(Math.sin(longitude * radians) * Math.sin(23.4397 * radians));
  const angle =
    (Math.sin(horizon * radians) - Math.sin(lat * radians) * Math.sin(declination)) /
    (Math.cos(lat * radians) * Math.cos(declination));
  if (angle >= 1) return { hours: 0 };
  if (angle <= -1) return { hours: 24 };
  const half = Math.acos(angle) / radians / 360;
  const noon = noonUTC + (equationOfTime - lng / 360) * dayMs;
  const minute = (ms: number) => `${new Date(ms).toISOString().slice(0, 16)}Z`;
  return {
    sunrise: minute(noon - half * dayMs),
    sunset: minute(noon + half * dayMs),
    hours: Math.round(half * 2 * 24 * 100) / 100,
  };
}
