/**
 * Resources and resource templates on the server.
 *
 * @spec server/resources
 */
import type { CacheHints } from "../protocol/caching.ts";
import { chain } from "../protocol/chain.ts";
import type { Annotations } from "../protocol/content.ts";
import type { Icon } from "../protocol/icons.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { Result } from "../protocol/json-rpc.ts";
import type { ResourceContents } from "../protocol/resource-contents.ts";
import type { Resource, ResourceTemplate } from "../protocol/resources.ts";
import { resourceNotFound } from "../protocol/resources.ts";
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
  /** Size in bytes. */
  readonly size?: number;
  readonly read: (uri: string, context: HandlerContext) => ReadReturn | Promise<ReadReturn>;
}

export interface ResourceTemplateOptions<Template extends string> extends ResourceMetadata {
  /** An RFC 6570 template. The handler receives its variables by name. */
  readonly uriTemplate: Template;
  /** Functions that suggest values for variables. */
  readonly complete?: { readonly [Name in TemplateVariable<Template>]?: Completer };
  readonly read: (
    variables: TemplateVariables<Template>,
    context: HandlerContext & { readonly uri: string },
  ) => ReadReturn | Promise<ReadReturn>;
}

/** A resource template, typed by its variables. */
export interface ResourceTemplateDefinition<Template extends string = string>
  extends Omit<ResourceTemplateOptions<Template>, "read" | "complete"> {
  readonly complete?: { readonly [name: string]: Completer | undefined };
  readonly read: (variables: never, context: never) => ReadReturn | Promise<ReadReturn>;
}

/** Defines a resource at one URI. */
export function defineResource(definition: ResourceDefinition): ResourceDefinition {
  return Object.freeze({ ...definition });
}

/** Defines resources whose URIs match a template. Its text determines the types of variables. */
export function defineResourceTemplate<const Template extends string>(
  options: ResourceTemplateOptions<Template>,
): ResourceTemplateDefinition<Template> {
  return Object.freeze({ ...options }) as ResourceTemplateDefinition<Template>;
}

type Read = (uri: string, round: Round) => Result | Promise<Result>;

export interface CompiledResource {
  readonly shown: Resource;
  readonly read: Read;
}

export interface CompiledTemplate {
  readonly shown: ResourceTemplate;
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
  const { read, cache, singleUse = false, ...shown } = definition;
  const { uri } = definition;
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\S*$/.test(uri))
    throw new TypeError(`resource ${uri}: expected a URI`);
  requireReadable(`resource ${uri}`, definition);
  return {
    shown,
    read: (uri, round) =>
      answer(
        runInRequest(round, singleUse, (context) => read(uri, context)),
        { uri, definition, meta, round },
      ),
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
  const { read, complete = {}, cache, singleUse = false, ...shown } = definition;
  const handler = read as (variables: object, context: HandlerContext) => ReadReturn;
  const { uriTemplate } = definition;
  const template = parseURITemplate(uriTemplate);
  const where = `resource template ${uriTemplate}`;
  if (!/^(?:\{|[A-Za-z][A-Za-z0-9+.-]*:)/.test(uriTemplate))
    throw new TypeError(`${where}: expected a scheme`);
  const unknown = Object.keys(complete).find((name) => !template.variables.includes(name));
  if (unknown !== undefined)
    throw new TypeError(`${where}: complete.${unknown}: expected a variable of the template`);
  requireReadable(where, definition);
  return {
    shown,
    template,
    complete,
    read: (variables, uri, round) =>
      answer(
        runInRequest(round, singleUse, (context) =>
          handler(variables, Object.assign(context, { uri })),
        ),
        { uri, definition, meta, round },
      ),
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
  if (problem !== undefined) throw new TypeError(`contents[${index}]: ${problem}`);
  return contents as ResourceContents;
}

function requireReadable(
  where: string,
  { read, cache }: { readonly read: unknown; readonly cache?: CacheHints },
): void {
  if (typeof read !== "function") throw new TypeError(`${where}: read: expected a function`);
  requireCacheHints(where, cache);
}
