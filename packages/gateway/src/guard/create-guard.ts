/** Creates the guard of a configuration. */
import type { Middleware } from "lutra/protocol";
import type { GuardConfig } from "../config/schema.ts";
import { recordOf } from "../exchange-record.ts";
import { compileMatch } from "../routes/match.ts";
import { boundedGuard } from "./bounded-guard.ts";
import { createHttpGuard } from "./http-guard.ts";

export interface CreateGuardOptions {
  /** The default export of `guard.module`. */
  readonly module: Middleware | undefined;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/**
 * Creates the guard. It decides about the requests that fit its `match`.
 *
 * @throws {TypeError} for a module that was not loaded with the configuration
 */
export function createGuard(config: GuardConfig, options: CreateGuardOptions): Middleware {
  const { timeoutMs, failure, when, headers } = config;
  const guard =
    config.url === undefined
      ? required(options.module)
      : createHttpGuard({ url: config.url, headers, when, timeoutMs });
  const conditions = compileMatch(config.match, "subject");
  const bounded = boundedGuard(guard, { timeoutMs, failure, onWarning: options.onWarning });
  return (next) => {
    const guarded = bounded(next);
    return (request, context) => {
      const record = recordOf(context);
      if (record === undefined) return guarded(request, context);
      const isMatch = conditions.every(({ holds }) => holds(record));
      return isMatch ? guarded(request, context) : next(request, context);
    };
  };
}

function required(module: Middleware | undefined): Middleware {
  if (module !== undefined) return module;
  throw new TypeError(
    "guard.module: expected a configuration from loadConfig, which reads the file",
  );
}
