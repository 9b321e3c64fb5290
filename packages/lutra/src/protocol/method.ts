/**
 * Methods as data. Shared code reads these columns and compares no method names.
 */
import type { ServerCapabilities } from "./capabilities.ts";
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { Result } from "./json-rpc.ts";
import { TransportError } from "./transport-error.ts";

export interface Method<Params = unknown, MethodResult extends Result = Result> {
  readonly name: string;
  /** Checks the parameters of a request. Throws a `ProtocolError` that says what was expected. */
  readonly params: (params: JSONObject) => Params;
  /** Checks a complete result. Throws a `TransportError` with the reason `malformed`. */
  readonly result: (result: Result) => MethodResult;
  /** The parameter that HTTP mirrors into `Mcp-Name`. */
  readonly nameField?: string;
  /** The server capability that must be declared for the method to exist. */
  readonly capability?: keyof ServerCapabilities;
  /** Whether complete results carry `ttlMs` and `cacheScope`. */
  readonly cacheable: boolean;
  /** Whether the server may answer `input_required`. */
  readonly inputRequired: boolean;
  /** Whether a second execution does no harm, so that a lost request may be sent again. */
  readonly safe: boolean;
  /** True for a request that stays open until one side ends it, so that no time limit applies. */
  readonly longLived: boolean;
  /** True where the annotations of the named tool may declare a second execution harmless. */
  readonly annotated: boolean;
  /** True where HTTP mirrors annotated arguments into `Mcp-Param-*` headers. */
  readonly paramHeaders: boolean;
}

type MethodInit<Params, R extends Result> = Pick<Method<Params, R>, "name" | "params" | "result"> &
  Partial<Method<Params, R>>;

/** Freezes a method's description; the flags default to `false`. */
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

/** The annotations of a tool that say whether a second execution does no harm. */
export interface RepeatHints {
  readonly readOnlyHint?: boolean | undefined;
  readonly idempotentHint?: boolean | undefined;
}

/**
 * Returns true when a second execution of a request does no harm.
 *
 * @param hints The annotations of the named tool; leave them out where they are not trusted
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

/** Reads a string parameter. */
export function requireString(params: JSONObject, name: string, where = "params"): string {
  const value = params[name];
  if (typeof value !== "string") throw invalidParams(`${where}.${name}: expected a string`);
  return value;
}

/** Reads an object parameter that may be left out. */
export function optionalObject(params: JSONObject, name: string): JSONObject | undefined {
  const value = params[name];
  if (value === undefined || isObject(value)) return value;
  throw invalidParams(`params.${name}: expected an object`);
}

/** Checks that a result from the peer has an array under `name`. */
export function requireArray(result: Result, name: string): void {
  if (!Array.isArray(result[name])) throw malformed(`result.${name}: expected an array`);
}

/** The error for a result from the peer that is not what its method promises. */
export function malformed(message: string): TransportError {
  return new TransportError("malformed", message);
}
