/** The checks of `lutra/http` on a head that was read here. */

import type { IncomingMessage } from "node:http";
import { type HttpRules, type Screening, screen, sentTimes, severalHosts } from "lutra/internal";

/**
 * Refuses by `Host`, `Origin`, method and media type, as every MCP endpoint does.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
export function screenRequest(req: IncomingMessage, rules: HttpRules): Screening {
  const { method = "", headers } = req;
  if (sentTimes(req.rawHeaders, "host") > 1) return { refusal: severalHosts(), cors: {} };
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === "string" ? value : value?.join(", ");
  };
  return screen({ method, host: headers.host ?? "", header, isLocal: () => isLocal(req) }, rules);
}

function isLocal({ socket }: IncomingMessage): boolean {
  const address = socket.localAddress ?? "";
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
