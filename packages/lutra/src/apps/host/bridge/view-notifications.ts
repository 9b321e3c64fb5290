/** The notifications of views, and of the sandbox proxy about its view, as data. */
import type { RequestId } from "../../../protocol/json-rpc.ts";
import type { AppNotification } from "../../protocol/app-method.ts";
import { cancelled, toolsChanged } from "../../protocol/server-messages.ts";
import {
  initialized,
  logMessage,
  requestTeardown,
  sizeChanged,
  type ViewSize,
} from "../../protocol/view-messages.ts";
import { sandboxRefused } from "../sandbox/refused.ts";
import type { CompleteBridgeOptions } from "./options.ts";

/** The state of a connection. A view is `ready` once it has initialized. */
export type Phase = "connected" | "initializing" | "ready" | "closed";

/** The functions of a connection that notifications use. */
interface NotificationScope {
  readonly options: CompleteBridgeOptions;
  /** The requests of the view without a response. */
  readonly pending: ReadonlyMap<RequestId, AbortController>;
  readonly start: () => void;
  readonly close: () => void;
}

interface ViewNotification {
  readonly notification: AppNotification;
  readonly phases: readonly Phase[];
  readonly accept: (params: object, scope: NotificationScope) => void;
}

function viewNotification<Params extends object>(
  notification: AppNotification<Params>,
  accept: (params: Params, scope: NotificationScope) => void,
  phases: readonly Phase[] = ["ready"],
): readonly [string, ViewNotification] {
  const entry = { notification, phases, accept } as unknown as ViewNotification;
  return [notification.name, entry];
}

/** The notifications that a bridge accepts, by their methods. */
export const viewNotifications: ReadonlyMap<string, ViewNotification> = new Map([
  viewNotification(initialized, (_, { start }) => start(), ["initializing"]),
  viewNotification(sizeChanged, (size, { options }) => {
    const known = finiteOf(size);
    if (Object.keys(known).length > 0) options.onSize?.(known);
  }),
  viewNotification(logMessage, (message, { options }) => options.onLog?.(message)),
  viewNotification(cancelled, ({ requestId }, { pending }) => pending.get(requestId)?.abort(), [
    "initializing",
    "ready",
  ]),
  viewNotification(requestTeardown, (_, { options }) => options.onCloseRequest?.("request")),
  // A host lists the tools of a view when it needs them.
  viewNotification(toolsChanged, () => {}),
  viewNotification(
    sandboxRefused,
    ({ reason }, { options, close }) => {
      if (reason !== "flood") return;
      close();
      options.onCloseRequest?.("flood");
    },
    ["connected", "initializing", "ready"],
  ),
]);

/** Leaves out sizes that are not lengths. */
function finiteOf({ width, height }: ViewSize): ViewSize {
  return {
    ...(isLength(width) && { width }),
    ...(isLength(height) && { height }),
  };
}

function isLength(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
