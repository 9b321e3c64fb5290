/** State in memory that one replica has and another one has not. */
import type { Rule } from "./rule.ts";

export const memoryRules: readonly Rule[] = [
  {
    id: "memory-state",
    level: "check",
    title: "State in memory between calls",
    replacement:
      "The next call may reach another replica. A cache may stay; a value that a later call needs belongs in handles() or in a database.",
    guide: "from-sessions-to-handles",
    patterns: [{ kind: "state" }],
  },
];
