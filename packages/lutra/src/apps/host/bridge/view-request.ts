/** The requests of views as data: the message, and the function that answers it. */
import type { AppNotification, AppRequest } from "../../protocol/app-method.ts";
import type { AppCapabilities } from "../../protocol/capabilities.ts";
import type { HostContext } from "../../protocol/host-context.ts";
import type { AppAction, CompleteBridgeOptions } from "./options.ts";

/** The state of a bridge for one request of the view. */
export interface ViewRequestScope {
  readonly options: CompleteBridgeOptions;
  /** Aborts when the view cancels the request, and when the bridge is closed. */
  readonly signal: AbortSignal;
  readonly notify: <Params extends object>(
    notification: AppNotification<Params>,
    params: Params,
  ) => void;
  /** @throws {ProtocolError} when the host does not allow the action */
  readonly allow: (action: AppAction) => Promise<void>;
  readonly context: () => HostContext;
  readonly setContext: (changes: HostContext) => void;
  readonly appCapabilities: () => AppCapabilities;
}

export interface ViewRequest {
  readonly request: AppRequest;
  /** True when the host takes part, so that the request can be answered. */
  readonly isOffered: (options: CompleteBridgeOptions) => boolean;
  readonly serve: (params: object, scope: ViewRequestScope) => Promise<object>;
}

/** Describes how a request is answered. */
export function viewRequest<Params extends object, Result extends object>(
  request: AppRequest<Params, Result>,
  serve: (params: Params, scope: ViewRequestScope) => Promise<object>,
  isOffered: ViewRequest["isOffered"] = () => true,
): ViewRequest {
  return {
    request: request as unknown as AppRequest,
    isOffered,
    serve: serve as unknown as ViewRequest["serve"],
  };
}
