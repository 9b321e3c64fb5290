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
  /** Whether the request stays open until one side ends it, so that no time bounds it. */
  readonly longLived: boolean;
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
    ...init,
  });
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
