/** The change notifications of a server, for all of its lists and for chosen resources. */
import type { Client } from "lutra/client";
import type { JSONRPCNotification, ServerCapabilities, SubscriptionFilter } from "lutra/protocol";
import { messageOf } from "./run-call.ts";

export interface Changes {
  /** Notified of every change from then on, of the lists whose changes the server announces. */
  readonly open: (client: Client, capabilities: ServerCapabilities) => void;
  readonly subscribe: (uri: string, isWanted: boolean) => void;
  /** The URIs of the chosen resources, and the reason why the server sends no notifications. */
  readonly state: () => { readonly uris: readonly string[]; readonly problem?: string };
  readonly close: () => void;
}

/** Maximum number of resources that are subscribed to. */
const maxUris = 100;

export function createChanges(
  onChange: (notification: JSONRPCNotification) => void,
  onState: () => void,
): Changes {
  const uris = new Set<string>();
  let client: Client | undefined;
  let announced: ServerCapabilities = {};
  let current: AbortController | undefined;
  let problem: string | undefined;

  /** Replaces the subscription, because its filter can't be changed. */
  async function reopen(): Promise<void> {
    current?.abort();
    const filter = filterOf(announced, uris);
    if (client === undefined || Object.keys(filter).length === 0) return;
    current = new AbortController();
    const { signal } = current;
    problem = undefined;
    try {
      const subscription = await client.listen(filter, { signal, relisten: "ended" });
      for await (const notification of subscription) onChange(notification);
    } catch (error) {
      if (signal.aborted) return;
      problem = messageOf(error);
      onState();
    }
  }

  return {
    open: (opened, capabilities) => {
      if (client === opened && problem === undefined) return;
      client = opened;
      announced = capabilities;
      void reopen();
    },
    subscribe: (uri, isWanted) => {
      if (isWanted && uris.size < maxUris) uris.add(uri);
      else uris.delete(uri);
      onState();
      void reopen();
    },
    state: () => ({ uris: [...uris], ...(problem !== undefined && { problem }) }),
    close: () => {
      client = undefined;
      current?.abort();
    },
  };
}

function filterOf(
  { tools, prompts, resources }: ServerCapabilities,
  uris: ReadonlySet<string>,
): SubscriptionFilter {
  return {
    ...(tools?.listChanged && { toolsListChanged: true }),
    ...(prompts?.listChanged && { promptsListChanged: true }),
    ...(resources?.listChanged && { resourcesListChanged: true }),
    ...(uris.size > 0 && { resourceSubscriptions: [...uris] }),
  };
}
