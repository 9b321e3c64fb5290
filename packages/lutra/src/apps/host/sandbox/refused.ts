/** The message with which a sandbox proxy reports messages of its view that it has dropped. */
import { object, string } from "../../../protocol/shape.ts";
import { type AppNotification, appNotification } from "../../protocol/app-method.ts";
import { sandboxPrefix } from "../../protocol/host-messages.ts";

/** Sent at most once a second for each reason. With `flood`, the proxy has removed the view. */
export const sandboxRefused: AppNotification<{ readonly reason: string }> = appNotification(
  `${sandboxPrefix}refused`,
  object({ reason: string }),
);
