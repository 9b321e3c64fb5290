/**
 * The deprecated features of the specification as data.
 *
 * @spec deprecated#deprecated
 */

/** The identifier of a deprecated feature. */
export type DeprecatedFeature =
  | "roots"
  | "sampling"
  | "logging"
  | "includeContext"
  | "dynamicClientRegistration"
  | "httpSse";

/** A feature that new implementations should not adopt. */
export interface Deprecation {
  readonly feature: DeprecatedFeature;
  /** The name in the specification. */
  readonly name: string;
  /** The first revision in which the feature is deprecated. */
  readonly deprecatedIn: string;
  /** The condition under which a revision may remove the feature, in words. */
  readonly earliestRemoval: string;
  /** The first date on which the condition can hold, as `YYYY-MM-DD`. */
  readonly removableFrom: string;
  readonly replacement: string;
  /** The proposal by which the feature was deprecated. */
  readonly proposal: string;
  /** The methods of requests and notifications that only this feature has, also in legacy revisions. */
  readonly methods: readonly string[];
}

const firstRevision = "first revision released on or after 2027-07-28";
const afterAYear = { earliestRemoval: firstRevision, removableFrom: "2027-07-28" };

/** All deprecated features, in the order of the specification. */
export const deprecations: readonly Deprecation[] = Object.freeze([
  {
    feature: "roots",
    name: "Roots",
    deprecatedIn: "2026-07-28",
    ...afterAYear,
    replacement: "Pass directories and files as tool arguments, resource URIs or configuration",
    proposal: "SEP-2577",
    methods: ["roots/list", "notifications/roots/list_changed"],
  },
  {
    feature: "sampling",
    name: "Sampling",
    deprecatedIn: "2026-07-28",
    ...afterAYear,
    replacement: "Call a model provider from the server",
    proposal: "SEP-2577",
    methods: ["sampling/createMessage"],
  },
  {
    feature: "logging",
    name: "Logging",
    deprecatedIn: "2026-07-28",
    ...afterAYear,
    replacement: "Log to stderr over stdio; use OpenTelemetry for observability",
    proposal: "SEP-2577",
    methods: ["logging/setLevel", "notifications/message"],
  },
  {
    feature: "dynamicClientRegistration",
    name: "Dynamic Client Registration",
    deprecatedIn: "2026-07-28",
    ...afterAYear,
    replacement: "Use Client ID Metadata Documents",
    proposal: "PR 2858",
    methods: [],
  },
  {
    feature: "includeContext",
    name: 'includeContext "thisServer" and "allServers"',
    deprecatedIn: "2025-11-25",
    earliestRemoval: `with Sampling: ${firstRevision}`,
    removableFrom: "2027-07-28",
    replacement: 'Omit includeContext, or use "none"',
    proposal: "SEP-2596",
    methods: [],
  },
  {
    feature: "httpSse",
    name: "HTTP+SSE transport",
    deprecatedIn: "2025-03-26",
    // SEP-2596 has been final since 2026-06-03.
    earliestRemoval: "three months after SEP-2596 was final, thus from 2026-09-03",
    removableFrom: "2026-09-03",
    replacement: "Use Streamable HTTP",
    proposal: "SEP-2596",
    methods: [],
  },
] satisfies readonly Deprecation[]);

const featureByMethod: ReadonlyMap<string, DeprecatedFeature> = new Map(
  deprecations.flatMap(({ feature, methods }) => methods.map((method) => [method, feature])),
);

/** Returns the deprecated feature to which a method belongs, or undefined. */
export function deprecatedFeatureOf(method: string): DeprecatedFeature | undefined {
  return featureByMethod.get(method);
}
