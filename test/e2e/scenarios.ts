/** All scenarios. Each applies to every runner unless its `only` says otherwise. */
import type { Scenario } from "./scenario.ts";
import { caching } from "./scenarios/caching.ts";
import { discovery } from "./scenarios/discovery.ts";
import { errors } from "./scenarios/errors.ts";
import { fleet } from "./scenarios/fleet.ts";
import { headers } from "./scenarios/headers.ts";
import { http } from "./scenarios/http.ts";
import { inputs } from "./scenarios/inputs.ts";
import { notifications } from "./scenarios/notifications.ts";
import { prompts } from "./scenarios/prompts.ts";
import { resources } from "./scenarios/resources.ts";
import { subscriptions } from "./scenarios/subscriptions.ts";
import { tools } from "./scenarios/tools.ts";

export const scenarios: readonly Scenario[] = [
  ...discovery,
  ...tools,
  ...resources,
  ...prompts,
  ...notifications,
  ...inputs,
  ...subscriptions,
  ...caching,
  ...errors,
  ...headers,
  ...http,
  ...fleet,
];
