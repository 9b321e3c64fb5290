/** Notifications of changes, and the streams on which they arrive. */
import type { Rule } from "./rule.ts";

export const subscriptionRules: readonly Rule[] = [
  {
    id: "subscribe",
    level: "blocks",
    title: "Subscriptions of a session",
    replacement:
      "subscriptions/listen replaces them. A server keeps no list of subscribers and always calls server.resourceUpdated(uri); a client uses client.listen({ resourceSubscriptions }).",
    guide: "from-get-streams-to-listen",
    patterns: [
      { kind: "reference", names: ["SubscribeRequestSchema", "UnsubscribeRequestSchema"] },
      { kind: "call", names: ["subscribeResource", "unsubscribeResource"] },
      { kind: "string", names: ["resources/subscribe", "resources/unsubscribe"] },
    ],
  },
  {
    id: "changes",
    level: "replace",
    title: "Notifications of changes",
    replacement:
      "Use server.resourceUpdated(uri). Changes of server.tools, server.prompts and server.resources are announced automatically.",
    guide: "from-get-streams-to-listen",
    patterns: [
      {
        kind: "call",
        names: [
          "sendPromptListChanged",
          "sendResourceListChanged",
          "sendResourceUpdated",
          "sendToolListChanged",
        ],
      },
      {
        kind: "string",
        names: [
          "notifications/prompts/list_changed",
          "notifications/resources/list_changed",
          "notifications/resources/updated",
          "notifications/tools/list_changed",
        ],
      },
    ],
  },
  {
    id: "resumption",
    level: "blocks",
    title: "Streams that are resumed",
    replacement:
      "A client sends a request again instead of resuming its stream. Remove the event store; calls that must survive a lost connection become tasks.",
    guide: "from-get-streams-to-listen",
    patterns: [
      { kind: "key", names: ["eventStore", "onresumptiontoken", "resumptionToken"] },
      { kind: "call", names: ["replayEventsAfter", "resumeStream"] },
      { kind: "string", names: ["last-event-id", "Last-Event-ID"] },
    ],
  },
];
