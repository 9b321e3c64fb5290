/** Results of legacy upstreams as those of a server of the current revision. */
import { coreMethods, discover, isObject, modernVersions, type Result } from "lutra/protocol";

const methods = new Map(coreMethods.map((method) => [method.name, method]));

/**
 * Returns a result as clients of the gateway get it. Its `server/discover` names the versions that the
 * gateway speaks for the upstream. Without its own hints, a list gets the configured ones.
 *
 * @spec server/discover
 */
export function modernResult(result: Result, method: string, hasListHints: boolean): Result {
  const described = methods.get(method);
  const isList = described?.cacheable === true && described.nameField === undefined;
  const { ttlMs: _ttlMs, cacheScope: _scope, ...unhinted } = result;
  const own = (isList && hasListHints ? unhinted : result) as Result;
  return method === discover.name ? modernDiscover(own) : own;
}

function modernDiscover(result: Result): Result {
  const declared = isObject(result.capabilities) ? result.capabilities : {};
  // The experimental tasks of 2025-11-25 are not those of the extension.
  const { tasks: _tasks, ...capabilities } = declared;
  return { ...result, supportedVersions: [...modernVersions], capabilities };
}
