/** The server's methods of the core protocol, except `subscriptions/listen`. */
import { type CompleteParams, complete } from "../protocol/completion.ts";
import { discover } from "../protocol/discover.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Principal } from "../protocol/exchange.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import type { PaginatedParams } from "../protocol/pagination.ts";
import { getPrompt, listPrompts } from "../protocol/prompts.ts";
import {
  listResources,
  listResourceTemplates,
  readResource,
  resourceNotFound,
} from "../protocol/resources.ts";
import { callTool, listTools } from "../protocol/tools.ts";
import type { ServedMethod } from "./admit.ts";
import type { CompiledCatalogue } from "./catalogue.ts";
import { type CatalogueRuntime, type Catalogues, findTemplate, resultMeta } from "./catalogues.ts";
import { type Completer, toCompleteResult } from "./completion.ts";
import { createDiscoverResult } from "./discover.ts";
import { serveMethod } from "./dispatch.ts";
import type { Round } from "./handler/round.ts";
import { type EntryScopes, isPermitted } from "./scopes.ts";
import type { CompleteOptions } from "./server-options.ts";
import type { AnswerToolCall } from "./tool-call.ts";
import { unknownTool } from "./tools.ts";

/** Returns the core methods, which answer from the options and the catalogues. */
export function coreMethods(
  options: CompleteOptions,
  catalogues: Catalogues,
  runtime: CatalogueRuntime & { readonly answerToolCall?: AnswerToolCall | undefined },
): readonly ServedMethod[] {
  const { tools, resources, resourceTemplates, prompts } = catalogues;
  const { states, handles, settings, answerToolCall } = runtime;
  const meta = resultMeta(options);
  const discovered = createDiscoverResult(options);
  const serveRound = <Params>(
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
    list(listResources, resources, options),
    list(listResourceTemplates, resourceTemplates, options),
    serveRound(
      readResource,
      ({ uri }, round) => {
        const resource = resources.get(uri);
        if (resource !== undefined) return resource.read(uri, round);
        const found = findTemplate(catalogues, uri);
        if (found === undefined) throw resourceNotFound(uri);
        return found.compiled.read(found.variables, uri, round);
      },
      (uri) => (resources.get(uri) ?? findTemplate(catalogues, uri)?.compiled)?.scopes.fixed,
    ),
    list(listPrompts, prompts, options),
    serveRound(
      getPrompt,
      (params, round) => {
        const prompt = prompts.get(params.name);
        if (prompt === undefined) throw unknownPrompt(params.name);
        return prompt.get(params, round);
      },
      (name) => prompts.get(name)?.scopes.fixed,
    ),
    serveMethod(complete, async (params, _request, context) => {
      const completer = findCompleter(catalogues, params, context.principal);
      const values = completer
        ? await completer(params.argument.value, {
            arguments: params.context?.arguments ?? {},
            principal: context.principal,
            signal: context.signal,
          })
        : [];
      return toCompleteResult(values, meta);
    }),
  ];
}

/**
 * Returns the function that completes an argument, if there is one.
 *
 * @throws {ProtocolError} for an unknown prompt, template or argument, and for a caller without the
 *   scopes of the prompt or template
 * @spec server/utilities/completion#reference-types
 */
function findCompleter(
  catalogues: Catalogues,
  { ref, argument }: CompleteParams,
  principal: Principal | undefined,
): Completer | undefined {
  const { prompts, resources, resourceTemplates } = catalogues;
  if (ref.type === "ref/prompt") {
    const prompt = prompts.get(ref.name);
    if (prompt === undefined) throw unknownPrompt(ref.name);
    prompt.scopes.require(principal);
    if (!Object.hasOwn(prompt.arguments, argument.name)) throw unknownArgument(argument.name);
    return prompt.arguments[argument.name]?.complete;
  }
  // A reference may also be the URI of a resource, which has no variables unless a template matches.
  const found = resourceTemplates.get(ref.uri) ?? findTemplate(catalogues, ref.uri)?.compiled;
  if (found === undefined && resources.get(ref.uri) !== undefined) return undefined;
  if (found === undefined) throw invalidParams(`Unknown resource: ${ref.uri}`);
  found.scopes.require(principal);
  if (!found.template.variables.includes(argument.name)) throw unknownArgument(argument.name);
  return Object.hasOwn(found.complete, argument.name) ? found.complete[argument.name] : undefined;
}

function unknownPrompt(name: string): Error {
  return invalidParams(`Unknown prompt: ${name}`);
}

function unknownArgument(name: string): Error {
  return invalidParams(`Unknown argument: ${name}`);
}

function list<Compiled extends { readonly scopes: EntryScopes }>(
  method: Method<PaginatedParams>,
  catalogue: CompiledCatalogue<never, Compiled>,
  { listsByScope }: CompleteOptions,
): ServedMethod {
  if (!listsByScope) return serveMethod(method, ({ cursor }) => catalogue.page(cursor));
  return serveMethod(method, ({ cursor }, _request, { principal }) =>
    catalogue.page(cursor, ({ scopes }) => isPermitted(scopes, principal)),
  );
}
