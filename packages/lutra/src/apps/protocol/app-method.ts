/**
 * The messages between a view and its host as data. Each side checks what it receives by the shapes
 * of the message.
 */
import type { JSONObject } from "../../protocol/json.ts";
import type { Shape } from "../../protocol/shape.ts";

/** A request that a view or a host can send. */
export interface AppRequest<
  Params extends object = JSONObject,
  Result extends object = JSONObject,
> {
  readonly name: string;
  readonly params: Shape;
  readonly result: Shape;
  /** Carries the types; absent at run time. */
  readonly types?: { readonly params: Params; readonly result: Result };
}

/** A notification that a view or a host can send. */
export interface AppNotification<Params extends object = JSONObject> {
  readonly name: string;
  /** The shape of the parameters. Absent parameters are passed as an empty object. */
  readonly params: Shape;
  /** Carries the types; absent at run time. */
  readonly types?: { readonly params: Params };
}

/** Defines a request. */
export function appRequest<Params extends object, Result extends object>(
  name: string,
  params: Shape,
  result: Shape,
): AppRequest<Params, Result> {
  return { name, params, result };
}

/** Defines a notification. */
export function appNotification<Params extends object>(
  name: string,
  params: Shape,
): AppNotification<Params> {
  return { name, params };
}
