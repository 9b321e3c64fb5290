/** Applies the rules for skills of the configuration to an upstream. */
import { readResource, type Serve } from "lutra/protocol";
import { getSkill, listSkills, readDirectory } from "lutra/skills";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { SkillGate, type SkillGateOptions } from "./skill-gate.ts";
import { compileSkillRules } from "./skill-rules.ts";

export interface SkillRulesOptions {
  /** @default none are reported */
  readonly onWarning?: SkillGateOptions["onWarning"] | undefined;
  /** The clock, in milliseconds. @default performance.now */
  readonly now?: () => number;
}

/** Returns the upstream with its rules for skills, or the upstream itself if it has none. */
export function withSkillRules(
  upstream: Upstream,
  { skills: rules }: Pick<UpstreamConfig, "skills">,
  { onWarning = () => {}, now = () => performance.now() }: SkillRulesOptions,
): Upstream {
  if (rules === undefined) return upstream;
  const { name, serve } = upstream;
  const decide = compileSkillRules(rules);
  const gate = new SkillGate({ name, serve, decide, now, onWarning });
  const ruled = new Map<string, Serve>([
    [listSkills.name, (request, context) => gate.list(request, context)],
    [getSkill.name, (request, context) => gate.get(request, context)],
    [readResource.name, (request, context) => gate.read(request, context)],
    [readDirectory.name, (request, context) => gate.readDirectory(request, context)],
  ]);
  return {
    ...upstream,
    serve: (request, context) => (ruled.get(request.method) ?? serve)(request, context),
  };
}

/** The methods that the gateway reads for an upstream with rules for skills. */
export const ruledMethods: ReadonlySet<string> = new Set(
  [listSkills, getSkill, readResource, readDirectory].map(({ name }) => name),
);
