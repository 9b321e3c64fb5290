/** Requests from the server to the client, and notifications outside of a request. */
import type { Rule } from "./rule.ts";

export const serverRequestRules: readonly Rule[] = [
  {
    id: "elicitation",
    level: "blocks",
    title: "Questions to the user as requests of the server",
    replacement:
      "A server sends no requests. Use await context.elicit(name, ...) in the handler of the call; the handler runs again with the answer, so put effects before it into context.step.",
    guide: "from-push-to-input-required",
    patterns: [
      { kind: "call", names: ["elicitInput"] },
      { kind: "string", names: ["elicitation/create", "notifications/elicitation/complete"] },
      { kind: "call", names: ["createElicitationCompletionNotifier"] },
      { kind: "call", names: ["elicit"], sdks: ["fastmcp"] },
      { kind: "member", names: ["elicit"], sdks: ["fastmcp"] },
    ],
  },
  {
    id: "sampling",
    level: "deprecated",
    title: "Requests for completions of a model",
    replacement:
      "Sampling is deprecated: call the API of a model. Until then, use await context.sample(name, ...) in the handler of the call.",
    guide: "from-push-to-input-required",
    patterns: [
      { kind: "call", names: ["createMessage"] },
      { kind: "call", names: ["requestSampling"] },
      { kind: "string", names: ["sampling/createMessage"] },
      { kind: "reference", names: ["CreateMessageRequestSchema"] },
    ],
  },
  {
    id: "roots",
    level: "deprecated",
    title: "Roots of the client",
    replacement:
      "Roots are deprecated: take paths as arguments of tools or from the configuration. Until then, use await context.roots(name) in the handler of the call.",
    guide: "from-push-to-input-required",
    patterns: [
      { kind: "call", names: ["listRoots", "sendRootsListChanged"] },
      { kind: "reference", names: ["RootsListChangedNotificationSchema"] },
      { kind: "reference", names: ["ListRootsRequestSchema"] },
      { kind: "string", names: ["roots/list", "notifications/roots/list_changed"] },
      { kind: "member", names: ["roots"], of: /^session$/, sdks: ["fastmcp"] },
    ],
  },
  {
    id: "server-message",
    level: "blocks",
    title: "Messages of the server outside of a call",
    replacement:
      "A server has no connection on which to send. Use context.progress in the handler of the call, and server.resourceUpdated(uri) for changes.",
    guide: "from-get-streams-to-listen",
    patterns: [
      { kind: "call", names: ["notification", "request"], of: /server$/i },
      { kind: "string", names: ["notifications/message"] },
    ],
  },
  {
    id: "progress",
    level: "replace",
    title: "Progress notifications",
    replacement: "Use context.progress({ progress, total, message }), which needs no token.",
    guide: "from-push-to-input-required",
    patterns: [
      { kind: "string", names: ["notifications/progress"] },
      { kind: "call", names: ["reportProgress"], sdks: ["fastmcp"] },
      { kind: "member", names: ["reportProgress"], sdks: ["fastmcp"] },
    ],
  },
];
