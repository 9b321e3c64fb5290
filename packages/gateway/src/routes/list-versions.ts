/**
 * The versions of the gateway in results of `server/discover`: sessions of the earlier ones end at the
 * gateway, whichever versions its upstreams serve. The errors of the gateway list the same versions.
 *
 * @spec server/discover#discoverresult, basic/versioning#protocol-version-negotiation
 */
import { discover, type Middleware, modernVersions, type Result } from "lutra/protocol";

/** @param versions The versions of clients that the gateway serves */
export function listVersions(versions: readonly string[]): Middleware {
  const sessions = versions.filter((version) => !modernVersions.includes(version));
  const listed = (result: Result): Result => {
    const { supportedVersions } = result;
    if (!Array.isArray(supportedVersions)) return result;
    const modern = supportedVersions.filter((version) => modernVersions.includes(version));
    return { ...result, supportedVersions: [...modern, ...sessions] };
  };
  return (next) => (request, context) => {
    if (request.method !== discover.name) return next(request, context);
    return next(request, context).then(listed);
  };
}
