/** The API of the view "Fleet": the state of the gateway, and the changes that an operator makes. */
import { ApiError, type ApiRequest, type ApiRoute } from "@lutra/console";
import { isObject, type JSONObject } from "lutra/protocol";
import { endpointsOf } from "../config/endpoints.ts";
import { explainRoutes } from "../routes/explain.ts";
import { cacheOverview } from "./cache-overview.ts";
import type { ConsoleSources } from "./console-sources.ts";
import { fleetOverview } from "./fleet-overview.ts";
import { cancelShownTask, taskList } from "./fleet-tasks.ts";
import { sendLive } from "./live.ts";

/** Time between two overviews for a page, in milliseconds. */
const overviewMs = 1000;
/** Maximum number of subscriptions that are listed. */
const maxSubscriptions = 1000;
/** Number of days that the verdicts of the era report look back. */
const eraDays = 7;

/** Returns the paths of the API. */
export function fleetRoutes(sources: ConsoleSources): readonly ApiRoute[] {
  return [...stateRoutes(sources), ...changeRoutes(sources)];
}

function stateRoutes(sources: ConsoleSources): readonly ApiRoute[] {
  const { recorder, config, caching, eras, limitUses } = sources;
  return [
    { method: "GET", path: "fleet", serve: () => fleetOverview(sources) },
    {
      path: "fleet/live",
      stream: (send, { signal, isReading }) => {
        const next = () => ({ event: "fleet", data: fleetOverview(sources) });
        return sendLive({ send, isReading, signal, everyMs: overviewMs, atOnce: 1, next });
      },
    },
    {
      method: "GET",
      path: "fleet/routes",
      serve: async () => {
        const { routes, limits } = config();
        const uses = await limitUses();
        return {
          routes,
          endpoints: endpointsOf(config()).flatMap(({ name, hosts, path, config: own }) =>
            name === undefined ? [] : [{ name, hosts, path, routes: own.routes }],
          ),
          limits: limits.map((limit, index) => ({ ...limit, use: uses[index] })),
          refusals: recorder.loads.refusals(),
        };
      },
    },
    {
      method: "GET",
      path: "fleet/match",
      serve: ({ query }) => {
        const name = query.get("name") ?? undefined;
        const principal = query.get("principal") ?? undefined;
        const host = query.get("host") ?? undefined;
        const path = query.get("path") ?? undefined;
        const params = paramsIn(query);
        const method = query.get("method") ?? "";
        if (method === "") throw new ApiError(400, "method: expected a method, such as tools/call");
        return explainRoutes(config(), { method, host, path, name, principal, params });
      },
    },
    {
      method: "GET",
      path: "fleet/cache",
      serve: () => {
        const { cache } = config();
        return cacheOverview(caching(), cache === false ? 0 : cache.maxBytes);
      },
    },
    { method: "GET", path: "fleet/eras", serve: () => eras(eraDays) },
    {
      method: "GET",
      path: "fleet/subscriptions",
      serve: () => ({
        total: recorder.subscriptions.size,
        subscriptions: recorder.subscriptions.list(maxSubscriptions),
      }),
    },
    { method: "GET", path: "fleet/tasks", serve: () => taskList(sources) },
    { method: "GET", path: "fleet/config", serve: () => sources.shownConfig() },
  ];
}

function changeRoutes(sources: ConsoleSources): readonly ApiRoute[] {
  const { caching, notice } = sources;
  return [
    { method: "POST", path: "fleet/drain", serve: (request) => setDrained(request, true, sources) },
    {
      method: "POST",
      path: "fleet/readmit",
      serve: (request) => setDrained(request, false, sources),
    },
    {
      method: "POST",
      path: "fleet/cancel-task",
      serve: async ({ body, signal }) => {
        const upstream = textIn(body, "upstream");
        const tool = await cancelShownTask(sources, { upstream, key: textIn(body, "key"), signal });
        notice(`console: cancelled a task of ${tool} at ${upstream}`);
        return taskList(sources);
      },
    },
    {
      method: "POST",
      path: "fleet/evict",
      serve: async ({ body }) => {
        const cache = caching();
        if (cache === undefined) throw new ApiError(409, "cache: the configuration disables it");
        const { match } = body;
        if (match === undefined) await cache.evict();
        else {
          if (!isObject(match)) throw new ApiError(400, "match: expected an object");
          const [server, method] = [textIn(match, "server"), textIn(match, "method")];
          await cache.evict({ server, method, params: textIn(match, "params") });
        }
        notice(match === undefined ? "console: evicted the cache" : "console: evicted a response");
      },
    },
  ];
}

function setDrained({ body }: ApiRequest, isDrained: boolean, sources: ConsoleSources): unknown {
  const [upstream, replica] = [textIn(body, "upstream"), textIn(body, "replica")];
  if (!sources.setDrained(upstream, replica, isDrained)) {
    throw new ApiError(404, `no replica ${replica} of upstream ${upstream} that can be drained`);
  }
  sources.notice(`console: ${isDrained ? "drained" : "readmitted"} ${upstream} ${replica}`);
  return fleetOverview(sources);
}

/** Returns the values of `Mcp-Param-*` headers: `param.region=eu` is the header `Mcp-Param-Region`. */
function paramsIn(query: URLSearchParams): { readonly [name: string]: string } {
  const prefix = "param.";
  const pairs = [...query].filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(pairs.map(([key, value]) => [key.slice(prefix.length), value]));
}

function textIn(body: JSONObject, member: string): string {
  const value = body[member];
  if (typeof value !== "string") throw new ApiError(400, `${member}: expected a string`);
  return value;
}
