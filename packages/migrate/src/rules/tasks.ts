/** The experimental tasks of 2025-11-25, which the Tasks extension replaces. */
import type { Rule } from "./rule.ts";

export const taskRules: readonly Rule[] = [
  {
    id: "experimental-tasks",
    level: "blocks",
    title: "Experimental tasks",
    replacement:
      'The Tasks extension replaces them. Declare task: "optional" on the tool and extensions: [tasks()] on the server; the handler is an ordinary one, and asks with context.elicit.',
    guide: "from-experimental-tasks-to-the-extension",
    patterns: [
      { kind: "member", names: ["experimental"] },
      { kind: "reference", names: ["InMemoryTaskStore", "InMemoryTaskMessageQueue"] },
      { kind: "call", names: ["registerToolTask"] },
      { kind: "key", names: ["relatedTask", "taskMessageQueue", "taskStore"] },
      { kind: "call", of: /taskStore$/i },
      { kind: "string", names: ["tasks/get", "tasks/result", "tasks/list", "tasks/cancel"] },
      { kind: "string", names: ["notifications/tasks/status"] },
      { kind: "call", names: ["callToolStream", "requestStream"] },
    ],
  },
];
