/** The API of the view "Traces": the recent exchanges. */
import { ApiError, type ApiRoute, type TraceSettings } from "@lutra/console";
import { exchangeDetail, exchangesAfter } from "./list-exchanges.ts";
import { sendLive } from "./live.ts";
import type { Recorder } from "./recorder.ts";

/** Time between two checks for new exchanges, in milliseconds. */
const exchangesMs = 500;

/** Returns the paths of the API. */
export function traceRoutes(recorder: Recorder, settings: TraceSettings): readonly ApiRoute[] {
  const { ring } = recorder;
  return [
    {
      method: "GET",
      path: "traces",
      serve: ({ query }) => ({ ...exchangesAfter(ring, numberIn(query, "after", 0)), settings }),
    },
    {
      method: "GET",
      path: "traces/exchange",
      serve: ({ query }) => {
        const id = numberIn(query, "id");
        const detail = exchangeDetail(ring, id);
        if (detail !== undefined) return detail;
        throw new ApiError(
          404,
          `exchange ${id} is not kept; expected one of the last ${settings.exchanges}`,
        );
      },
    },
    {
      path: "traces/live",
      stream: (send, { query, signal, isReading }) => {
        let last = numberIn(query, "after", 0);
        send("settings", settings);
        const next = () => {
          const page = exchangesAfter(ring, last);
          const newest = page.exchanges.at(-1);
          if (newest === undefined) return undefined;
          last = newest.id;
          return { event: "exchanges", data: page };
        };
        return sendLive({ send, isReading, signal, everyMs: exchangesMs, next });
      },
    },
  ];
}

function numberIn(query: URLSearchParams, name: string, fallback?: number): number {
  const text = query.get(name) ?? fallback;
  const value = Number(text ?? Number.NaN);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ApiError(400, `${name}: expected a number of an exchange`);
}
