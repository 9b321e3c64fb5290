/** The server's methods of the core protocol, except `subscriptions/listen`. */
import { discover } from "../protocol/discover.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { PaginatedParams } from "../protocol/pagination.ts";
import { callTool, listTools } from "../protocol/tools.ts";
import type { ServedMethod } from "./admit.ts";
import type { CompiledCatalogue } from "./catalogue.ts";
import type { CatalogueRuntime, Catalogues } from "./catalogues.ts";
import { createDiscoverResult } from "./discover.ts";
import { serveMethod } from "./dispatch.ts";
import type { Entries, ServeRound } from "./features.ts";
import type { Round } from "./handler/round.ts";
import { type EntryScopes, isPermitted } from "./scopes.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { AnswerToolCall } from "./tool-call.ts";
import { unknownTool } from "./tools.ts";

/** Returns the core methods, which answer from the options and the catalogues. */
export function coreMethods(
  options: CompleteOptions,
  catalogues: Catalogues,
  runtime: CatalogueRuntime & {
    readonly answerToolCall?: AnswerToolCall | undefined;
    readonly entries: Pick<Entries, "methods">;
  },
): readonly ServedMethod[] {
  const { tools } = catalogues;
  const { states, handles, settings, answerToolCall, entries } = runtime;
  const discovered = createDiscoverResult(options);
  const serveRound: ServeRound = <Params>(
    method: Method<Params>,
    serve: (params: Params, round: Round) => Result | Promise<Result>,
    scopesOf: ServedMethod["scopesOf"] & {},
  ): ServedMethod => ({
    ...serveMethod(method, (params: Params, request, context) =>
      serve(params, { request, context, states, handles, settings }),
    ),
    scopesOf,
  });
  return [
    serveMethod(discover, (_params, _request, { versions }) => discovered(versions)),
    list(listTools, tools, options),
    serveRound(
      callTool,
      (params, round) => {
        const tool = tools.get(params.name);
        if (tool === undefined) throw unknownTool(params.name);
        return tool.call(params, round, answerToolCall);
      },
      (name) => tools.get(name)?.scopes.fixed,
    ),
    ...entries.methods({ options, catalogues, serveRound }),
  ];
}

/** Serves a list, without the entries whose scopes the caller lacks where the server hides them. */
export function list<Compiled extends { readonly scopes: EntryScopes }>(
  method: Method<PaginatedParams>,
  catalogue: CompiledCatalogue<never, Compiled>,
  { listsByScope }: CompleteOptions,
): ServedMethod {
  if (!listsByScope) return serveMethod(method, ({ cursor }) => catalogue.page(cursor));
  return serveMethod(method, ({ cursor }, _request, { principal }) =>
    catalogue.page(cursor, ({ scopes }) => isPermitted(scopes, principal)),
  );
}
