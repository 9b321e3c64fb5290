/** The reasons for which the gateway reads the body of a request, rather than forwarding its bytes. */
import type { Method } from "lutra/protocol";
import { isLegacy } from "../bridge/era-in-words.ts";
import type { CompleteConfig } from "../config/complete-routes.ts";
import { ruledMethods } from "../skills/skill-policy.ts";
import { isFiltered } from "../subjects/filter-lists.ts";
import { refersInBody } from "../subjects/reference.ts";
import { changesApps } from "../upstreams/app-policy.ts";
import { selectedBy } from "../upstreams/visibility.ts";
import { type IndexedRoute, verifiesItself } from "./action.ts";
import type { CompiledDenials } from "./denials.ts";
import { mayBecomeTask } from "./follow-tasks.ts";

type ReadMethod = Pick<Method, "name" | "longLived" | "cacheable">;

/** The reasons at one upstream of a route. A request without a reason is forwarded. */
export interface Reading {
  /** The reasons that hold for every request. */
  readonly always: readonly string[];
  /** The reasons that hold for every request in the open session of an earlier revision. */
  readonly inSession: readonly string[];
  /** Returns the further reasons for requests with a method. */
  readonly of: (method: ReadMethod) => readonly string[];
}

const earlierRevision = "the upstream speaks an earlier revision";
const verification = "the gateway verifies the headers";

/** Returns the reasons for requests that a route sends to an upstream. */
export function compileReading(
  name: string,
  { route, index }: IndexedRoute,
  { config, denials }: { readonly config: CompleteConfig; readonly denials: CompiledDenials },
): Reading {
  const upstream = config.upstreams[name];
  const selected = selectedBy(upstream);
  const isDenying = denials.above(index) !== undefined;
  const isCached = config.cache !== false && route.cache;
  const always = reasons({
    "it goes to a command": upstream?.command !== undefined,
    [earlierRevision]: upstream && isLegacy(upstream),
    [verification]: !verifiesItself(upstream),
    "the name is replaced": route.rename !== undefined,
    "a guard decides about it": config.guard !== undefined,
    "deprecated features are switched off": config.switchedOff.length > 0,
    "there are limits": config.limits.length > 0,
    "the console keeps messages": keepsMessages(config),
  });
  return {
    always,
    inSession: [
      ...always.filter((reason) => reason !== earlierRevision && reason !== verification),
      ...reasons({ "copies of it are sent": route.shadow !== undefined }),
    ],
    of: ({ name: method, longLived, cacheable }) =>
      reasons({
        "it is a subscription": longLived,
        "it may be cached": isCached && cacheable,
        "it may become a task": route.tasks === "follow" && mayBecomeTask(method),
        "the upstream has rules for skills":
          upstream?.skills !== undefined && ruledMethods.has(method),
        "its result omits denied entries": isFiltered(method, denials.toAll),
        "its result omits entries that are not selected": isFiltered(method, selected),
        "its result is limited by the policy about apps": changesApps(method, upstream),
        "its body names the entry that a rule denies": isDenying && refersInBody(method),
        "its body names an entry that may not be selected":
          selected.size > 0 && refersInBody(method),
      }),
  };
}

function keepsMessages({ admin }: CompleteConfig): boolean {
  if (admin === false || !admin.console) return false;
  return admin.console.messages !== "none";
}

/** Returns the names of the members that are true. */
function reasons(held: { readonly [reason: string]: boolean | undefined }): readonly string[] {
  return Object.keys(held).filter((reason) => held[reason]);
}
