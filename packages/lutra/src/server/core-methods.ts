/** The server's methods of the core protocol, except `subscriptions/listen`. */
import { type CompleteParams, complete } from "../protocol/completion.ts";
import { discover } from "../protocol/discover.ts";
import { invalidParams } from "../protocol/errors.ts";
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
import { type CatalogueRuntime, type Catalogues, resultMeta } from "./catalogues.ts";
import { type Completer, toCompleteResult } from "./completion.ts";
import { discoverResult } from "./discover.ts";
import { serveMethod } from "./dispatch.ts";
import type { Round } from "./handler/round.ts";
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
  const { states, handles, answerToolCall } = runtime;
  const meta = resultMeta(options);
  const settings = { replayGraceMs: options.replayGraceMs, now: options.now };
  const discovered = discoverResult(options);
  const serveRound = <Params>(
    method: Method<Params>,
    serve: (params: Params, round: Round) => Result | Promise<Result>,
  ): ServedMethod =>
    serveMethod(method, (params, request, context) =>
      serve(params, { request, context, states, handles, settings }),
    );
  return [
    serveMethod(discover, () => discovered),
    list(listTools, tools),
    serveRound(callTool, (params, round) => {
      const tool = tools.get(params.name);
      if (tool === undefined) throw unknownTool(params.name);
      return tool.call(params, round, answerToolCall);
    }),
    list(listResources, resources),
    list(listResourceTemplates, resourceTemplates),
    serveRound(readResource, ({ uri }, round) => {
      const resource = resources.get(uri);
      if (resource !== undefined) return resource.read(uri, round);
      for (const { template, read } of resourceTemplates.values()) {
        const variables = template.match(uri);
        if (variables !== undefined) return read(variables, uri, round);
      }
      throw resourceNotFound(uri);
    }),
    list(listPrompts, prompts),
    serveRound(getPrompt, (params, round) => {
      const prompt = prompts.get(params.name);
      if (prompt === undefined) throw unknownPrompt(params.name);
      return prompt.get(params, round);
    }),
    serveMethod(complete, async (params, _request, context) => {
      const completer = findCompleter(catalogues, params);
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
 * @throws {ProtocolError} for an unknown prompt, template or argument
 */
function findCompleter(
  { prompts, resourceTemplates }: Catalogues,
  { ref, argument }: CompleteParams,
): Completer | undefined {
  if (ref.type === "ref/prompt") {
    const prompt = prompts.get(ref.name);
    if (prompt === undefined) throw unknownPrompt(ref.name);
    if (!Object.hasOwn(prompt.arguments, argument.name)) throw unknownArgument(argument.name);
    return prompt.arguments[argument.name]?.complete;
  }
  const found = resourceTemplates.get(ref.uri);
  if (found === undefined) throw invalidParams(`Unknown resource template: ${ref.uri}`);
  if (!found.template.variables.includes(argument.name)) throw unknownArgument(argument.name);
  return Object.hasOwn(found.complete, argument.name) ? found.complete[argument.name] : undefined;
}

function unknownPrompt(name: string): Error {
  return invalidParams(`Unknown prompt: ${name}`);
}

function unknownArgument(name: string): Error {
  return invalidParams(`Unknown argument: ${name}`);
}

function list(
  method: Method<PaginatedParams>,
  catalogue: { readonly page: (cursor: string | undefined) => Promise<Result> },
): ServedMethod {
  return serveMethod(method, ({ cursor }) => catalogue.page(cursor));
}
