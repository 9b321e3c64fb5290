/**
 * What change notifications say about cached responses.
 *
 * @spec server/utilities/caching#interaction-with-notifications
 */
import { canonicalJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { listPrompts } from "../protocol/prompts.ts";
import { listResources, listResourceTemplates, readResource } from "../protocol/resources.ts";
import {
  type ListChanged,
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
} from "../protocol/subscriptions.ts";
import { listTools } from "../protocol/tools.ts";
import type { Caching } from "./caching.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Tools } from "./tools.ts";

/** The lists that a change makes stale. */
const lists: { readonly [Member in ListChanged]: readonly Method[] } = {
  toolsListChanged: [listTools],
  promptsListChanged: [listPrompts],
  resourcesListChanged: [listResources, listResourceTemplates],
};

const changes = Object.entries(listChangedMethods) as [ListChanged, string][];

export function createInvalidation(
  caching: Caching,
  tools: Tools,
): Pick<Subscriptions, "onChange" | "onGap"> {
  async function listChanged(member: ListChanged): Promise<void> {
    if (lists[member].includes(listTools)) tools.forget();
    await Promise.all(lists[member].map(({ name }) => caching.forget({ method: name })));
  }

  async function resourceUpdated(uri: unknown, filter: SubscriptionFilter): Promise<void> {
    // The update of a part is also one of the subscribed resource that contains it.
    const containers = (filter.resourceSubscriptions ?? []).filter(
      (subscribed) => typeof uri === "string" && uri.startsWith(subscribed),
    );
    for (const stale of new Set([uri, ...containers])) {
      await caching.forget({ method: readResource.name, params: canonicalJSON({ uri: stale }) });
    }
  }

  return {
    onChange: async ({ method, params }: JSONRPCNotification, filter) => {
      const change = changes.find(([, name]) => name === method);
      if (change !== undefined) await listChanged(change[0]);
      if (method === resourceUpdatedMethod) await resourceUpdated(params?.uri, filter);
    },
    onGap: async (filter) => {
      for (const [member] of changes) if (filter[member] === true) await listChanged(member);
      if (filter.resourceSubscriptions === undefined) return;
      await caching.forget({ method: readResource.name });
    },
  };
}
