/** All rules, in the order of the documentation. */
import { apiRules } from "./api.ts";
import { errorCodeRules } from "./error-codes.ts";
import { loggingRules } from "./logging.ts";
import { memoryRules } from "./memory.ts";
import type { Rule } from "./rule.ts";
import { serverRequestRules } from "./server-requests.ts";
import { sessionRules } from "./sessions.ts";
import { subscriptionRules } from "./subscriptions.ts";
import { taskRules } from "./tasks.ts";
import { transportRules } from "./transports.ts";

export const rules: readonly Rule[] = [
  ...sessionRules,
  ...memoryRules,
  ...serverRequestRules,
  ...loggingRules,
  ...subscriptionRules,
  ...taskRules,
  ...errorCodeRules,
  ...transportRules,
  ...apiRules,
];
