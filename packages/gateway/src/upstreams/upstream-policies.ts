/** The policies that the configuration of an upstream sets, in one order. */
import type { Method, Middleware } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";
import type { UpstreamCredentials } from "../credentials/upstream-credentials.ts";
import { credentialPolicy } from "../credentials/with-credentials.ts";
import { skillPolicy } from "../skills/skill-policy.ts";
import { appPolicy } from "./app-policy.ts";
import { listHints } from "./list-hints.ts";
import { visibilityPolicy } from "./visibility.ts";

/** An upstream, as its policies see it. */
export interface PolicyInput {
  readonly name: string;
  readonly config: UpstreamConfig;
  /** Methods by name. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly credentials?: UpstreamCredentials | undefined;
  /** @default warnings are dropped */
  readonly onWarning?: ((message: string, cause?: unknown) => void) | undefined;
}

interface UpstreamPolicy {
  /**
   * The requests that pass the policy: those that come from routes, or all of them, with those of the
   * gateway for the lists that it compares headers by.
   */
  readonly for: "routes" | "all";
  /** Creates the policy. Undefined if the configuration of the upstream has none. */
  readonly create: (input: PolicyInput) => Middleware | undefined;
}

/** A request passes the policies in this order. */
const policies: readonly UpstreamPolicy[] = [
  { for: "routes", create: skillPolicy },
  { for: "routes", create: visibilityPolicy },
  { for: "routes", create: appPolicy },
  { for: "routes", create: listHints },
  { for: "all", create: credentialPolicy },
];

/** Creates the policies of an upstream for some requests, the outermost first. */
export function upstreamPolicies(
  requests: UpstreamPolicy["for"],
  input: PolicyInput,
): readonly Middleware[] {
  return policies.flatMap((policy) => {
    return policy.for === requests ? (policy.create(input) ?? []) : [];
  });
}
