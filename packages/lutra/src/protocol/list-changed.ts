/**
 * The notifications of changed lists.
 *
 * @spec basic/patterns/subscriptions#notification-filter
 */

/** The list change notifications, by the filter member that requests each of them. */
export const listChangedMethods = {
  toolsListChanged: "notifications/tools/list_changed",
  promptsListChanged: "notifications/prompts/list_changed",
  resourcesListChanged: "notifications/resources/list_changed",
} as const;

export type ListChanged = keyof typeof listChangedMethods;
