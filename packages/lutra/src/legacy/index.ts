/** Serves clients of the legacy revisions. Loaded by the entry points, with the first such client. */
import type { SessionState } from "../server/session-state.ts";
import type { LegacyEndpoint, LegacyOptions, LegacyServed } from "../transport/http/legacy-hook.ts";
import { LegacyHttpEndpoint } from "./http-endpoint.ts";

/** Creates the legacy HTTP transport of a server. */
export function createLegacyEndpoint(
  { serve, sessions }: LegacyServed,
  options: LegacyOptions,
): LegacyEndpoint {
  // Only `createServer` makes the member, which transports must not depend on.
  return new LegacyHttpEndpoint({ serve, sessions: sessions as SessionState | undefined }, options);
}

export { createLegacyProcess } from "./stdio.ts";
