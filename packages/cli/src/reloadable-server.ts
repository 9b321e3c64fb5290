/**
 * A server whose module is loaded again while its requests are served. Requests in flight end at the
 * version that they began with. Subscriptions move to the new one.
 */
import {
  acknowledgedMethod,
  isObject,
  type JSONObject,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type ListChanged,
  listChangedMethods,
  listen,
  type RequestContext,
  type Result,
  resourceUpdatedMethod,
  withSubscriptionId,
} from "lutra/protocol";
import type { Server, Shared } from "lutra/server";
import { CommandError } from "./command-error.ts";
import { type LoadOptions, loadServer } from "./load-server.ts";

/** The part of a server that the commands use. */
export type ServedModule = Pick<
  Server,
  "info" | "serve" | "sessions" | "requiredScopes" | "share" | "close"
>;

export interface ReloadableServer extends ServedModule {
  /**
   * Loads the module again, and serves its new version.
   *
   * @throws {CommandError} if the module can't be loaded or served; the previous version stays active
   */
  readonly reload: () => Promise<void>;
  /** Notifies all subscribers that the lists and resources that they follow have changed. */
  readonly announce: () => void;
}

/** Maximum time for a module to load again, in milliseconds. Later changes wait for it. */
const maxLoadMs = 30_000;

/** An open `subscriptions/listen`. */
interface OpenSubscription {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  /** The list changes that were acknowledged, by any version. */
  readonly lists: Set<ListChanged>;
  /** The resources whose updates were acknowledged. */
  readonly resources: Set<string>;
}

/**
 * Loads a module for the first time.
 *
 * @throws {CommandError} as `loadServer` does
 */
export async function loadReloadable(
  module: string,
  options: LoadOptions = {},
): Promise<ReloadableServer> {
  const load = () => loadServer(module, { ...options, again: true });
  const first = await load();
  const open = new Set<OpenSubscription>();
  const ending = new Set<Promise<void>>();
  let current = first;
  let shared: Shared = {};
  let isClosed = false;

  /** Follows a subscription from one version to the next. */
  async function follow(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const subscription = { request, context, ...nothing() };
    open.add(subscription);
    try {
      for (let notify = acknowledgedTo(subscription); ; notify = movedTo(subscription)) {
        const server = current;
        const result = await server.serve(request, { ...context, notify });
        if (server === current || isClosed || context.signal.aborted) return result;
      }
    } finally {
      open.delete(subscription);
    }
  }

  /** Closes a version, which ends its subscriptions and releases its tasks. */
  function end(server: Server): Promise<void> {
    const ended = server.close().catch((error: unknown) => console.error(error));
    ending.add(ended);
    void ended.then(() => ending.delete(ended));
    return ended;
  }

  return {
    get info() {
      return current.info;
    },
    serve: (request, context) =>
      request.method === listen.name ? follow(request, context) : current.serve(request, context),
    // Sessions outlive the version in which they began.
    sessions: { ...first.sessions, sealer: () => current.sessions.sealer() },
    requiredScopes: (method, name) => current.requiredScopes(method, name),
    share: (state) => {
      current.share(state);
      shared = state;
    },
    reload: async () => {
      const next = await inTime(module, load);
      try {
        next.share(shared);
      } catch (error) {
        void end(next);
        throw new CommandError(`cannot serve ${module}: ${messageOf(error)}`);
      }
      const previous = isClosed ? next : current;
      if (!isClosed) current = next;
      void end(previous);
    },
    announce: () => {
      for (const subscription of open) announceTo(subscription);
    },
    close: async () => {
      isClosed = true;
      await Promise.all([end(current), ...ending]);
    },
  };
}

type Notify = RequestContext["notify"];

type Accepted = Pick<OpenSubscription, "lists" | "resources">;

function nothing(): Accepted {
  return { lists: new Set(), resources: new Set() };
}

/** Returns the `notify` for the first version, which sees the acknowledgement. */
function acknowledgedTo({ context, ...accepted }: OpenSubscription): Notify {
  return (notification) => {
    addAccepted(notification, accepted);
    return context.notify(notification);
  };
}

/** Returns the `notify` for later versions: the client has its acknowledgement already. */
function movedTo({ context, ...accepted }: OpenSubscription): Notify {
  return (notification) => {
    if (!addAccepted(notification, accepted)) return context.notify(notification);
  };
}

/** Adds what was acknowledged. Returns false for a notification of another kind. */
function addAccepted(
  { method, params }: JSONRPCNotification,
  { lists, resources }: Accepted,
): boolean {
  if (method !== acknowledgedMethod) return false;
  const accepted = isObject(params?.notifications) ? params.notifications : {};
  for (const list of Object.keys(listChangedMethods) as ListChanged[]) {
    if (accepted[list] === true) lists.add(list);
  }
  const uris = Array.isArray(accepted.resourceSubscriptions) ? accepted.resourceSubscriptions : [];
  for (const uri of uris) resources.add(String(uri));
  return true;
}

/** Another version may serve other lists, and other contents of any resource. */
function announceTo({ request, context, lists, resources }: OpenSubscription): void {
  const notify = (method: string, own: JSONObject) => {
    void context.notify({ jsonrpc: "2.0", method, params: withSubscriptionId(own, request.id) });
  };
  for (const list of lists) notify(listChangedMethods[list], {});
  for (const uri of resources) notify(resourceUpdatedMethod, { uri });
}

/** @throws {CommandError} for a module that takes too long */
async function inTime(module: string, load: () => Promise<Server>): Promise<Server> {
  const { within } = await import("lutra/internal");
  const tooLate = () => {
    return new CommandError(`cannot load ${module}: not loaded after ${maxLoadMs / 1000} s`);
  };
  return await within({ ms: maxLoadMs, tooLate }, load);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
