import type { LegacyServed } from "./legacy-hook.ts";
import { type ProtectedResource, withChallenges } from "./protected-resource.ts";

/** Returns the server with complete challenges, where callers need tokens for `resource`. */
export function protectedServer(
  server: LegacyServed,
  resource: ProtectedResource | undefined,
): LegacyServed {
  if (resource === undefined) return server;
  const { sessions, requiredScopes } = server;
  return { serve: withChallenges(server, resource), sessions, requiredScopes };
}
