/** The paths of the Explore view. None of them can start a program or choose an address. */
import { type CompletionReference, isObject, type JSONObject } from "lutra/protocol";
import { ApiError } from "../api-error.ts";
import type { ApiRequest, ApiRoute } from "../api-route.ts";
import { appRoute } from "./app-requests.ts";
import { objectIn, textIn } from "./body-members.ts";
import type { Calls } from "./calls.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Changes } from "./changes.ts";
import type { EventHub } from "./event-hub.ts";
import type { Link } from "./link.ts";
import type { Questions } from "./questions.ts";
import { isRunKind, messageOf } from "./run-call.ts";
import type { Run, Runs } from "./runs.ts";
import type { SignIn } from "./sign-in.ts";
import type { WireLog } from "./wire-log.ts";

/** The functions behind the routes. */
export interface ExplorerParts {
  readonly hub: EventHub;
  readonly runs: Runs;
  readonly questions: Questions;
  readonly changes: Changes;
  readonly log: WireLog;
  readonly link: Link;
  readonly calls: Calls;
  /** Absent for a server at which the page can't sign in. */
  readonly signIn: SignIn | undefined;
  /** The state with which the stream of a page begins. */
  readonly snapshot: () => unknown;
  readonly catalogue: (signal: AbortSignal) => Promise<Catalogue>;
}

/** Maximum number of messages in one answer. */
const maxMessages = 200;

export function exploreRoutes(parts: ExplorerParts): readonly ApiRoute[] {
  const { hub, runs, questions, changes, log, link } = parts;
  const runOf = (value: unknown): Run => {
    const run = runs.get(Number(value));
    if (run === undefined) throw new ApiError(404, "run: it is no longer in the history");
    return run;
  };
  return [
    { path: "explore/events", stream: hub.stream(parts.snapshot) },
    { method: "GET", path: "explore/catalogue", serve: ({ signal }) => parts.catalogue(signal) },
    {
      method: "GET",
      path: "explore/run",
      serve: ({ query }) => {
        const run = runOf(query.get("id"));
        return { ...run, messages: log.messages(run.id) };
      },
    },
    {
      method: "GET",
      path: "explore/messages",
      serve: ({ query }) => {
        const after = Number(query.get("after") ?? 0);
        return log
          .messages()
          .filter(({ id }) => id > after)
          .slice(-maxMessages);
      },
    },
    { method: "POST", path: "explore/call", serve: ({ body }) => start(parts, body) },
    {
      method: "POST",
      path: "explore/cancel",
      serve: async ({ body }) => {
        await parts.calls.cancel(runOf(body.id).id).catch((error: unknown) => {
          throw new ApiError(502, messageOf(error));
        });
      },
    },
    {
      method: "POST",
      path: "explore/clear",
      serve: () => {
        runs.clear();
        hub.broadcast("snapshot", parts.snapshot());
      },
    },
    {
      method: "POST",
      path: "explore/answer",
      serve: ({ body: { id, ...answer } }) => questions.answer(Number(id), answer),
    },
    { method: "POST", path: "explore/complete", serve: (request) => complete(parts, request) },
    appRoute({ link, log, runOf }),
    {
      method: "POST",
      path: "explore/sign-out",
      serve: async () => {
        await parts.signIn?.signOut();
        hub.broadcast("connection", link.state());
      },
    },
    {
      method: "POST",
      path: "explore/subscribe",
      serve: ({ body }) => changes.subscribe(textIn(body, "uri"), body.isWanted === true),
    },
    {
      method: "POST",
      path: "explore/connect",
      serve: async ({ body }) => {
        changes.close();
        await link.reconnect(textIn(body, "era"));
        hub.broadcast("connection", link.state());
      },
    },
  ];
}

function start(parts: ExplorerParts, { kind, ...body }: JSONObject): { readonly id: number } {
  if (!isRunKind(kind)) throw new ApiError(400, "kind: expected tool, prompt, resource or task");
  return { id: parts.calls.start(kind, textIn(body, "name"), objectIn(body, "args")).id };
}

async function complete(parts: ExplorerParts, { body, signal }: ApiRequest): Promise<unknown> {
  const { ref, argument, context } = body;
  if (!isObject(ref) || !isObject(argument)) throw new ApiError(400, "ref: expected an object");
  const client = await parts.link.client();
  try {
    const params = {
      ref: ref as unknown as CompletionReference,
      argument: { name: textIn(argument, "name"), value: textIn(argument, "value") },
      context: { arguments: (isObject(context) ? context : {}) as Record<string, string> },
    };
    return (await client.complete(params, { signal })).completion;
  } catch (error) {
    throw new ApiError(502, messageOf(error));
  }
}
