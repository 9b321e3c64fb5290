/**
 * Denials by subject. The subject of a request is known only after its route is: in a merged server
 * from the lists of the upstreams, otherwise from the route's upstream. So the denials above a route
 * are tried again with the subject. Routes to upstreams between them are exceptions from the denials
 * below them, as they are for names in headers.
 */
import type { CompleteConfig } from "../config/complete-routes.ts";
import { routeUpstreams } from "../config/route-upstreams.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { noHead } from "../head/head.ts";
import { usingMethod } from "../subjects/reference.ts";
import type { Subject, SubjectKind } from "../subjects/subject.ts";
import { type Condition, compileMatch, namedKinds, type RoutingInput } from "./match.ts";
import { allHold } from "./routes.ts";

/** The request of a denial that depends on its subject. */
type IdentifiedInput = RoutingInput & { readonly subject: Subject };

/** A route that denies a request. */
export interface Denial {
  readonly index: number;
  readonly reason: string;
}

export interface Denials {
  /** Returns the denial of a request that has passed the routes by its head. */
  readonly find: (input: IdentifiedInput) => Denial | undefined;
}

/** Records that a route denies an exchange. */
export function recordDenial(record: ExchangeRecord, { index }: Denial): void {
  record.route = index;
  record.reason = "deny";
}

/** A route as a rule about subjects. */
interface Rule {
  readonly index: number;
  /** Undefined for a route to upstreams. */
  readonly deny: string | undefined;
  readonly conditions: readonly Condition[];
  /** Returns true if requests for entries of the upstream can take the route. */
  readonly reaches: (upstream: string) => boolean;
}

/** The denials of a configuration, compiled once for all routes. */
export interface CompiledDenials {
  /** Returns the denials above a route, or undefined if none depends on the subject. */
  readonly above: (route: number) => Denials | undefined;
  /**
   * Tests for entries that a route denies to every caller, so that lists leave them out. There is one
   * test for each kind of entry with such a route.
   */
  readonly toAll: ReadonlyMap<SubjectKind, IsDeniedToAll>;
}

/** Returns true for an entry that no caller can use. */
type IsDeniedToAll = (subject: Subject) => boolean;

/** Compiles the denials of a configuration. */
export function compileDenials(config: CompleteConfig): CompiledDenials {
  const rules = rulesOf(config);
  const onSubjects = rules.filter(({ conditions }) =>
    conditions.some(({ on }) => on === "subject"),
  );
  return {
    above: (route) => denialsIn(onSubjects.filter(({ index }) => index < route)),
    toAll: deniedToAll(rules),
  };
}

function denialsIn(rules: readonly Rule[]): Denials | undefined {
  const last = rules.findLastIndex(({ deny }) => deny !== undefined);
  if (last === -1) return undefined;
  const tried = rules.slice(0, last + 1);
  return {
    find: (input) => {
      for (const { index, deny, conditions, reaches } of tried) {
        if (!reaches(input.subject.upstream) || !allHold(conditions, input)) continue;
        return deny === undefined ? undefined : { index, reason: deny };
      }
      return undefined;
    },
  };
}

function deniedToAll(all: readonly Rule[]): ReadonlyMap<SubjectKind, IsDeniedToAll> {
  const rules = all.map((rule) => ({
    ...rule,
    conditions: rule.conditions.filter(({ on }) => on !== "call"),
    isForAll: rule.conditions.every(({ on }) => on !== "call"),
  }));
  const tests = new Map<SubjectKind, IsDeniedToAll>();
  for (const kind of Object.values(namedKinds)) {
    const head = { ...noHead, method: usingMethod(kind) };
    const applicable = rules.filter(({ conditions }) =>
      conditions.every(
        (one) => one.about !== "method" || one.holds({ head, principal: undefined }),
      ),
    );
    if (!applicable.some(({ deny, isForAll }) => deny !== undefined && isForAll)) continue;
    tests.set(kind, (subject) => {
      const input = { head, principal: undefined, subject };
      const decisive = applicable.find(
        ({ deny, isForAll, reaches, conditions }) =>
          (deny === undefined || isForAll) &&
          reaches(subject.upstream) &&
          allHold(conditions, input),
      );
      return decisive?.deny !== undefined;
    });
  }
  return tests;
}

function rulesOf(config: CompleteConfig): readonly Rule[] {
  const all = Object.keys(config.upstreams);
  return config.routes.map((route, index) => {
    const { deny, match } = route;
    const upstreams = new Set(routeUpstreams(route, all));
    return {
      index,
      deny,
      conditions: compileMatch(match, "subject"),
      reaches: (upstream) => deny !== undefined || upstreams.has(upstream),
    };
  });
}
