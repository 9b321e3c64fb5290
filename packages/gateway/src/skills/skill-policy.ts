/** The rules for skills of the configuration, as a policy of an upstream. */
import { type Middleware, readResource, type Serve } from "lutra/protocol";
import { getSkill, listSkills, readDirectory } from "lutra/skills";
import type { UpstreamConfig } from "../config/schema.ts";
import { SkillGate, type SkillGateOptions } from "./skill-gate.ts";
import { compileSkillRules } from "./skill-rules.ts";

export interface SkillPolicyInput {
  /** The name of the upstream. */
  readonly name: string;
  readonly config: Pick<UpstreamConfig, "skills">;
  /** @default none are reported */
  readonly onWarning?: SkillGateOptions["onWarning"] | undefined;
}

/** Creates the policy. Returns undefined for an upstream without rules for skills. */
export function skillPolicy({
  name,
  config: { skills: rules },
  onWarning = () => {},
}: SkillPolicyInput): Middleware | undefined {
  if (rules === undefined) return undefined;
  const decide = compileSkillRules(rules);
  const now = () => performance.now();
  return (next) => {
    const gate = new SkillGate({ name, serve: next, decide, now, onWarning });
    const ruled = new Map<string, Serve>([
      [listSkills.name, (request, context) => gate.list(request, context)],
      [getSkill.name, (request, context) => gate.get(request, context)],
      [readResource.name, (request, context) => gate.read(request, context)],
      [readDirectory.name, (request, context) => gate.readDirectory(request, context)],
    ]);
    return (request, context) => (ruled.get(request.method) ?? next)(request, context);
  };
}

/** The methods that the gateway reads for an upstream with rules for skills. */
export const ruledMethods: ReadonlySet<string> = new Set(
  [listSkills, getSkill, readResource, readDirectory].map(({ name }) => name),
);
