/**
 * Resources and resource templates on the server.
 *
 * @spec server/resources
 */
import type { CacheHints } from "../protocol/caching.ts";
import { chain } from "../protocol/chain.ts";
import type { Annotations } from "../protocol/content.ts";
import { type Icon, requireSafeIcons } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { requireKnownMembers } from "../protocol/known-members.ts";
import type { ResourceContents } from "../protocol/resource-contents.ts";
import type { Resource, ResourceTemplate } from "../protocol/resources.ts";
import { resourceNotFound } from "../protocol/resources.ts";
import { isURI } from "../protocol/uri.ts";
import type { TemplateVariable, TemplateVariables } from "../protocol/uri-template.ts";
import { parseURITemplate, type URITemplate } from "../protocol/uri-template.ts";
import { requireCacheHints } from "./cache-hints.ts";
import type { Completer } from "./completion.ts";
import { blob, contentsProblem } from "./content.ts";
import type { HandlerContext } from "./handler/handler-context.ts";
import {
  askClient,
  InputNeeded,
  type Round,
  type RoundEnd,
  runInRequest,
} from "./handler/round.ts";
import type { InputRequired } from "./results.ts";
import { compileScopes, type EntryScopes, type ScopesOf } from "./scopes.ts";

/** The value of a handler. `undefined` means that the resource does not exist. */
export type ReadReturn =
  | string
  | Uint8Array
  | ResourceContents
  | readonly ResourceContents[]
  | InputRequired
  | undefined;

interface ResourceMetadata {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  /** Also the MIME type of contents that are returned as text or bytes. */
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  readonly annotations?: Annotations;
  readonly _meta?: JSONObject;
  /** Freshness of the contents. @default not cacheable */
  readonly cache?: CacheHints;
  /** True to accept each request state only once. @default false */
  readonly singleUse?: boolean;
}

export interface ResourceDefinition extends ResourceMetadata {
  readonly uri: string;
  /** Scopes that the caller's principal must have to read the resource. @default none */
  readonly scopes?: readonly string[];
  /** Size in bytes. */
  readonly size?: number;
  readonly read: (uri: string, context: HandlerContext) => ReadReturn | Promise<ReadReturn>;
}

export interface ResourceTemplateOptions<Template extends string> extends ResourceMetadata {
  /** An RFC 6570 template. The handler receives its variables by name. */
  readonly uriTemplate: Template;
  /**
   * Scopes that the caller's principal must have, or a function that returns them for the variables.
   *
   * @default none
   */
  readonly scopes?: ScopesOf<TemplateVariables<Template>>;
  /** Functions that suggest values for variables. */
  readonly complete?: { readonly [Name in TemplateVariable<Template>]?: Completer };
  readonly read: (
    variables: TemplateVariables<Template>,
    context: HandlerContext & { readonly uri: string },
  ) => ReadReturn | Promise<ReadReturn>;
}

/** A resource template, typed by its variables. */
export interface ResourceTemplateDefinition<Template extends string = string>
  extends Omit<ResourceTemplateOptions<Template>, "read" | "complete" | "scopes"> {
  readonly scopes?: ScopesOf<never>;
  readonly complete?: { readonly [name: string]: Completer | undefined };
  readonly read: (variables: never, context: never) => ReadReturn | Promise<ReadReturn>;
}

/** The members of resources and of templates. */
const sharedMembers: { readonly [Name in keyof ResourceMetadata | "read" | "scopes"]-?: true } = {
  name: true,
  title: true,
  description: true,
  mimeType: true,
  icons: true,
  annotations: true,
  _meta: true,
  cache: true,
  scopes: true,
  singleUse: true,
  read: true,
};
const members: { readonly [Name in keyof ResourceDefinition]-?: true } = {
  ...sharedMembers,
  uri: true,
  size: true,
};
const templateMembers: { readonly [Name in keyof ResourceTemplateDefinition]-?: true } = {
  ...sharedMembers,
  uriTemplate: true,
  complete: true,
};

/**
 * Defines a resource at one URI.
 *
 * @throws {TypeError} for an invalid URI or an unknown option
 */
export function defineResource(definition: ResourceDefinition): ResourceDefinition {
  requireResource(definition);
  return Object.freeze({ ...definition });
}

/**
 * Defines resources whose URIs match a template. Its text determines the types of variables.
 *
 * @throws {TypeError} for an invalid template or an unknown option
 */
export function defineResourceTemplate<const Template extends string>(
  options: ResourceTemplateOptions<Template>,
): ResourceTemplateDefinition<Template> {
  requireTemplate(options as ResourceTemplateDefinition);
  return Object.freeze({ ...options }) as ResourceTemplateDefinition<Template>;
}

function requireResource(definition: ResourceDefinition): void {
  const { uri } = definition;
  const where = `resource ${uri}`;
  if (!isURI(uri)) {
    throw new TypeError(
      `${where}: expected a URI, such as file:///notes.txt; percent-encode other characters`,
    );
  }
  requireReadable(definition, Object.keys(members), where);
}

/** Returns the parsed template. */
function requireTemplate(definition: ResourceTemplateDefinition): URITemplate {
  const { uriTemplate, complete = {} } = definition;
  const where = `resource template ${uriTemplate}`;
  if (!/^(?:\{|[A-Za-z][A-Za-z0-9+.-]*:)/.test(uriTemplate)) {
    throw new TypeError(`${where}: expected a scheme, as in book://{id}`);
  }
  const template = parseURITemplate(uriTemplate);
  const unknown = Object.keys(complete).find((name) => !template.variables.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${where}: complete.${unknown}: expected a variable of the template`);
  requireReadable(definition, Object.keys(templateMembers), where);
  return template;
}

type Read = (uri: string, round: Round) => Result | Promise<Result>;

export interface CompiledResource {
  readonly shown: Resource;
  readonly scopes: EntryScopes;
  readonly read: Read;
}

export interface CompiledTemplate {
  readonly shown: ResourceTemplate;
  readonly scopes: EntryScopes;
  readonly template: URITemplate;
  readonly complete: { readonly [name: string]: Completer | undefined };
  readonly read: (
    variables: { readonly [name: string]: string },
    uri: string,
    round: Round,
  ) => Result | Promise<Result>;
}

const notCacheable: CacheHints = { ttlMs: 0, cacheScope: "private" };

/** Compiles a resource once. */
export function compileResource(
  definition: ResourceDefinition,
  meta: JSONObject | undefined,
): CompiledResource {
  const { read, cache, singleUse = false, scopes, ...shown } = definition;
  requireResource(definition);
  const required = compileScopes(scopes, `resource ${definition.uri}`);
  return {
    shown,
    scopes: required,
    read: (uri, round) => {
      required.require(round.context.principal);
      const end = runInRequest(round, singleUse, (context) => read(uri, context));
      return answer(end, { uri, definition, meta, round });
    },
  };
}

/**
 * Compiles a template once.
 *
 * @throws {TypeError} for an invalid template
 */
export function compileTemplate(
  definition: ResourceTemplateDefinition,
  meta: JSONObject | undefined,
): CompiledTemplate {
  const { read, complete = {}, cache, singleUse = false, scopes, ...shown } = definition;
  const handler = read as (variables: object, context: HandlerContext) => ReadReturn;
  const template = requireTemplate(definition);
  const required = compileScopes(scopes, `resource template ${definition.uriTemplate}`);
  return {
    shown,
    scopes: required,
    template,
    complete,
    read: (variables, uri, round) => {
      required.require(round.context.principal);
      required.requireFor(variables, round.context.principal);
      const end = runInRequest(round, singleUse, (context) =>
        handler(variables, Object.assign(context, { uri })),
      );
      return answer(end, { uri, definition, meta, round });
    },
  };
}

type Contents = Exclude<ReadReturn, InputRequired>;

interface Reading {
  readonly uri: string;
  readonly definition: ResourceMetadata;
  readonly meta: JSONObject | undefined;
  readonly round: Round;
}

function answer(
  end: RoundEnd<Contents> | Promise<RoundEnd<Contents>>,
  reading: Reading,
): Result | Promise<Result> {
  return chain(end, (value) =>
    value instanceof InputNeeded ? askClient(reading.round, value) : toResult(value, reading),
  );
}

function toResult(value: Contents, reading: Reading): Result {
  const { uri, definition, meta, round } = reading;
  const contents = toContents(value, uri, definition.mimeType);
  if (contents === undefined || contents.length === 0) throw resourceNotFound(uri);
  // The answer to a retry also depends on the client's input, and not only on the URI.
  const { requestState, inputResponses } = round.request.params ?? {};
  const isRetry = requestState !== undefined || inputResponses !== undefined;
  const hints = isRetry ? notCacheable : (definition.cache ?? notCacheable);
  return { resultType: "complete", contents, ...hints, ...(meta && { _meta: meta }) };
}

function toContents(
  value: Contents,
  uri: string,
  mimeType: string | undefined,
): readonly ResourceContents[] | undefined {
  if (value === undefined) return undefined;
  const type = mimeType === undefined ? {} : { mimeType };
  if (typeof value === "string") return [{ uri, ...type, text: value }];
  if (value instanceof Uint8Array) {
    return [blob(uri, value, mimeType ?? "application/octet-stream")];
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map(requireContents);
}

/** @spec server/resources#security-considerations */
function requireContents(contents: unknown, index: number): ResourceContents {
  const problem = contentsProblem(contents);
  if (problem !== undefined) {
    throw new TypeError(
      `contents[${index}]: ${problem}; return text, bytes (Uint8Array) or contents such as { uri, text }`,
    );
  }
  return contents as ResourceContents;
}

function requireReadable(
  definition: ResourceMetadata & { readonly read: unknown },
  known: readonly string[],
  where: string,
): void {
  const { name, read, cache, icons } = definition;
  requireKnownMembers(definition, known, where);
  if (typeof name !== "string") throw new TypeError(`${where}: name: expected a string`);
  requireSafeIcons(where, icons);
  if (typeof read !== "function") throw new TypeError(`${where}: read: expected a function`);
  requireCacheHints(where, cache);
}
