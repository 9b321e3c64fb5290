/** Resources, templates and prompts: their catalogues and the methods that serve them. */
import { type CompleteParams, complete } from "../protocol/completion.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Principal } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import { getPrompt, listPrompts } from "../protocol/prompts.ts";
import {
  listResources,
  listResourceTemplates,
  readResource,
  resourceNotFound,
} from "../protocol/resources.ts";
import type { ListChanged } from "../protocol/subscriptions.ts";
import { isURI, normalURI } from "../protocol/uri.ts";
import { filterInSlices } from "../time/in-slices.ts";
import type { ServedMethod } from "./admit.ts";
import { CompiledCatalogue } from "./catalogue.ts";
import { type Catalogues, offersResources, resultMeta, type SharedInit } from "./catalogues.ts";
import { type Completer, toCompleteResult } from "./completion.ts";
import { list } from "./core-methods.ts";
import { serveMethod } from "./dispatch.ts";
import type { Entries, MethodsInit } from "./features.ts";
import { compilePrompt } from "./prompts.ts";
import { type CompiledTemplate, compileResource, compileTemplate } from "./resources.ts";
import { isPermitted } from "./scopes.ts";
import type { CompleteOptions } from "./server-options.ts";

/** The entries that servers may have beside tools. */
export const allEntries: Entries = { compile, methods, followable };

/** @throws {TypeError} for an invalid definition */
function compile(
  options: CompleteOptions,
  { announce, ...shared }: SharedInit,
): Omit<Catalogues, "tools"> {
  const { meta } = shared;
  const { prompts } = options;
  const hasResources = offersResources(options);
  const changed = (what: ListChanged) => ({ onChange: () => announce(what) });
  return {
    resources: new CompiledCatalogue(
      {
        ...shared,
        ...changed("resourcesListChanged"),
        field: "resources",
        isOffered: hasResources,
        keyOf: ({ uri }) => uri,
        normal: normalURI,
        compile: (definition) => compileResource(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      options.resources ?? [],
    ),
    resourceTemplates: new CompiledCatalogue(
      {
        ...shared,
        ...changed("resourcesListChanged"),
        field: "resourceTemplates",
        isOffered: hasResources,
        keyOf: ({ uriTemplate }) => uriTemplate,
        compile: (definition) => compileTemplate(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      options.resourceTemplates ?? [],
    ),
    prompts: new CompiledCatalogue(
      {
        ...shared,
        ...changed("promptsListChanged"),
        field: "prompts",
        isOffered: prompts !== undefined,
        keyOf: ({ name }) => name,
        compile: (definition) => compilePrompt(definition, meta),
        shown: ({ shown }) => shown as unknown as JSONObject,
      },
      prompts ?? [],
    ),
  };
}

function methods({ options, catalogues, serveRound }: MethodsInit): readonly ServedMethod[] {
  const { resources, resourceTemplates, prompts } = catalogues;
  const meta = resultMeta(options);
  return [
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

/** Returns true for a URI that is listed or matches a template, if the caller has its scopes. */
function followable(
  catalogues: Catalogues,
  uris: readonly string[],
  principal: Principal | undefined,
): readonly string[] | Promise<readonly string[]> {
  // Each URI is compared with every template, so a long list is checked in slices.
  return filterInSlices([...new Set(uris)], (uri) => mayFollow(catalogues, uri, principal));
}

function mayFollow(catalogues: Catalogues, uri: string, principal: Principal | undefined): boolean {
  const resource = catalogues.resources.get(uri);
  if (resource !== undefined) return isPermitted(resource.scopes, principal);
  const found = findTemplate(catalogues, uri);
  return found !== undefined && isPermitted(found.compiled.scopes, principal, found.variables);
}

/** A template, and the variables of a URI that matches it. */
interface TemplateMatch {
  readonly compiled: CompiledTemplate;
  readonly variables: { readonly [name: string]: string };
}

/**
 * Returns the first template that a URI matches. Text that is not a URI matches none.
 *
 * @spec server/resources#security-considerations
 */
function findTemplate({ resourceTemplates }: Catalogues, uri: string): TemplateMatch | undefined {
  if (!isURI(uri)) return undefined;
  for (const compiled of resourceTemplates.values()) {
    const variables = compiled.template.match(uri);
    if (variables !== undefined) return { compiled, variables };
  }
  return undefined;
}
