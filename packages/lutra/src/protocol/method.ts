/**
 * Methods as data: shared code reads their properties and never compares method names. The test
 * `tools/method-names.test.ts` lists the few files that implement the rules of a single method.
 */
import type { ServerCapabilities } from "./capabilities.ts";
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import type { ListChanged } from "./list-changed.ts";
import { TransportError } from "./transport-error.ts";

export interface Method<Params = unknown, MethodResult extends Result = Result> {
  readonly name: string;
  /** Parses the parameters of a request. Throws a `ProtocolError` that names what was expected. */
  readonly params: (params: JSONObject) => Params;
  /** Parses a complete result. Throws a `TransportError` with the reason `malformed`. */
  readonly result: (result: Result) => MethodResult;
  /** The parameter that HTTP mirrors into the `Mcp-Name` header. */
  readonly nameField?: string;
  /** The server capability that must be declared for the method to exist. */
  readonly capability?: keyof ServerCapabilities;
  /** True when complete results carry `ttlMs` and `cacheScope`. */
  readonly cacheable: boolean;
  /** The list change after which cached results are outdated. */
  readonly changedBy?: ListChanged;
  /** True when the server may answer `input_required`. */
  readonly inputRequired: boolean;
  /** True when a second execution is harmless, so that a lost request may be sent again. */
  readonly safe: boolean;
  /** True for a request that stays open until one side ends it, so that no time limit applies. */
  readonly longLived: boolean;
  /** True when annotations of the named tool can declare a second execution harmless. */
  readonly annotated: boolean;
  /** True when HTTP mirrors annotated arguments into `Mcp-Param-*` headers. */
  readonly paramHeaders: boolean;
}

type MethodInit<Params, R extends Result> = Pick<Method<Params, R>, "name" | "params" | "result"> &
  Partial<Method<Params, R>>;

/** Defines a method. All flags default to `false`. */
export function defineMethod<Params, R extends Result>(
  init: MethodInit<Params, R>,
): Method<Params, R> {
  return Object.freeze({
    cacheable: false,
    inputRequired: false,
    safe: false,
    longLived: false,
    annotated: false,
    paramHeaders: false,
    ...init,
  });
}

/** Returns the tool, prompt, resource or task that a request names, or undefined. */
export function nameOf(
  method: Pick<Method, "nameField"> | undefined,
  params: JSONObject | undefined,
): string | undefined {
  const field = method?.nameField;
  const name = field === undefined ? undefined : params?.[field];
  return typeof name === "string" ? name : undefined;
}

/** The annotations of a tool that declare a second execution harmless. */
export interface RepeatHints {
  readonly readOnlyHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
}

/**
 * Returns true when a second execution of a request is harmless.
 *
 * @param hints The annotations of the named tool; leave them out if they are not trusted
 * @spec server/tools#tool
 */
export function mayRunTwice(
  method: Pick<Method, "safe" | "annotated"> | undefined,
  hints?: RepeatHints | undefined,
): boolean {
  if (method === undefined) return false;
  if (method.safe) return true;
  return method.annotated && (hints?.readOnlyHint === true || hints?.idempotentHint === true);
}

/** Returns a string parameter. Throws a `ProtocolError` for any other value. */
export function requireString(params: JSONObject, name: string, where = "params"): string {
  const value = params[name];
  if (typeof value !== "string") throw invalidParams(`${where}.${name}: expected a string`);
  return value;
}

/** Returns an optional object parameter. Throws a `ProtocolError` for any other value. */
export function optionalObject(params: JSONObject, name: string): JSONObject | undefined {
  const value = params[name];
  if (value === undefined || isObject(value)) return value;
  throw invalidParams(`params.${name}: expected an object`);
}

/** Creates the error for a malformed result. */
export function malformed(message: string): TransportError {
  return new TransportError("malformed", message);
}
