/** A gateway that is one of several processes, which another process supervises. */
import type { ConnectionFeed } from "lutra/internal";
import type { AdminParts } from "./admin/open-admin.ts";
import type { Recorder } from "./console/recorder.ts";

export interface GatewayPart {
  /** The connections for the listeners of the configuration, which the supervisor accepts. */
  readonly feeds: readonly ConnectionFeed[];
  /** Records exchanges for the console of the supervisor. Undefined if that is off. */
  readonly recorder: Recorder | undefined;
  /** Called once the gateway has started, with the parts that the supervisor shows to operators. */
  readonly onStart: (parts: Pick<AdminParts, "running" | "metrics" | "eras">) => void;
}
