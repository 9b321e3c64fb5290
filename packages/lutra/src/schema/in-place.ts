/** The keywords that apply schemas to the same value. */
import type { CompilePart } from "./part.ts";
import type { Check, Problem, Validation } from "./validation.ts";

/** Maximum number of alternatives whose problems are listed in one message. */
const maxReasons = 5;
/** Maximum number of alternatives among which the nearest is searched. */
const maxExplained = 50;

export const allOf: CompilePart = ({ allOf }, { checkOf }) => {
  const checks = (allOf as readonly unknown[]).map(checkOf);
  return (value, run, evaluated) => run.all(checks, value, evaluated);
};

export const anyOf: CompilePart = ({ anyOf }, { checkOf }) =>
  alternatives((anyOf as readonly unknown[]).map(checkOf), false);

export const oneOf: CompilePart = ({ oneOf }, { checkOf }) =>
  alternatives((oneOf as readonly unknown[]).map(checkOf), true);

function alternatives(checks: readonly Check[], isOne: boolean): Check {
  return (value, run, evaluated) => {
    let count = 0;
    for (const check of checks) {
      if (!run.matches(check, value, evaluated)) continue;
      count += 1;
      if (isOne && count > 1) {
        return run.fail("expected to match exactly one of the alternatives");
      }
      // All alternatives that match contribute to the evaluated members.
      if (!isOne && evaluated === undefined) return true;
    }
    return count > 0 || explain(checks, value, run);
  };
}

export const not: CompilePart = ({ not }, { checkOf }) => {
  const check = checkOf(not);
  return (value, run) => !run.matches(check, value) || run.fail('expected not to match "not"');
};

export const conditional: CompilePart = (schema, { checkOf }) => {
  const condition = checkOf(schema.if);
  const consequence = checkOf(schema.then ?? true);
  const alternative = checkOf(schema.else ?? true);
  return (value, run, evaluated) =>
    run.matches(condition, value, evaluated)
      ? consequence(value, run, evaluated)
      : alternative(value, run, evaluated);
};

/** Reports the problems of the alternative that comes nearest, whose first problem lies deepest. */
function explain(checks: readonly Check[], value: unknown, run: Validation): false {
  if (!run.wantsMore) return false;
  const attempts = checks.slice(0, maxExplained).map((check) => run.attempt(check, value));
  let nearest: readonly Problem[] = [];
  for (const problems of attempts) if (depthOf(problems) > depthOf(nearest)) nearest = problems;
  if (depthOf(nearest) > 0) return run.add(nearest);
  const reasons = new Set(attempts.map(([first]) => first?.expected));
  const some = [...reasons].slice(0, maxReasons);
  return run.fail(`${some.join(" or ")}${reasons.size > some.length ? " or ..." : ""}`);
}

function depthOf([first]: readonly Problem[]): number {
  return first?.path.length ?? 0;
}
