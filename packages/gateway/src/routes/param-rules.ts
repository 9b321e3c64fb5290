/**
 * The `Mcp-Param-*` headers that routes and limits depend on. A rule may only use such a header after
 * it was compared with the argument that it mirrors.
 */
import type { CompleteConfig } from "../config/complete-routes.ts";
import type { MatchConfig } from "../config/schema.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { type Condition, compileMatch } from "./match.ts";

/** Returns the parameters, in lower case, that decide about a request; usually none. */
export type DecidingParams = (record: ExchangeRecord) => readonly string[];

/** A rule that depends on parameters. */
interface ParamRule {
  readonly params: readonly string[];
  /** The route's index; undefined for a limit, which applies to all routes. */
  readonly route: number | undefined;
  /** The other conditions, in both meanings of names. */
  readonly conditions: readonly (readonly Condition[])[];
}

const none: readonly string[] = [];

/** Compiles the rules. Returns undefined if none depends on parameters. */
export function compileDecidingParams(config: CompleteConfig): DecidingParams | undefined {
  const rules = [
    ...config.routes.map(({ match }, index) => ruleOf(match, namesIn(match), index)),
    ...config.limits.map(({ match, per }) =>
      ruleOf(match, [...namesIn(match), ...per.flatMap(paramOf)], undefined),
    ),
  ].filter(({ params }) => params.length > 0);
  if (rules.length === 0) return undefined;
  return (record) => {
    const deciding = rules.filter(
      ({ route, conditions }) =>
        (route === undefined || route <= record.route) &&
        conditions.some((all) => all.every(({ holds }) => holds(record))),
    );
    if (deciding.length === 0) return none;
    return [...new Set(deciding.flatMap(({ params }) => params))];
  };
}

function ruleOf(
  match: MatchConfig | undefined,
  params: readonly string[],
  route: number | undefined,
): ParamRule {
  const { param: _param, ...others } = match ?? {};
  const conditions = (["sent", "subject"] as const).map((names) => compileMatch(others, names));
  return { params: params.map((name) => name.toLowerCase()), route, conditions };
}

function namesIn(match: MatchConfig | undefined): readonly string[] {
  return Object.keys(match?.param ?? {});
}

function paramOf(per: string): readonly string[] {
  return per.startsWith("param:") ? [per.slice("param:".length)] : [];
}
