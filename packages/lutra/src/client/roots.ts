/**
 * The directories of the host. Deprecated: pass them as tool arguments instead.
 *
 * @spec client/roots
 */
import type { ListRootsResult, Root } from "../protocol/roots.ts";
import { isListRootsResult } from "../protocol/roots.ts";
import type { InputInfo } from "./input-info.ts";

/**
 * Returns the directories that the user agreed to show to this server.
 *
 * @deprecated Pass directories as tool arguments, resource URIs or configuration.
 */
export type RootsHandler = (info: InputInfo) => readonly Root[] | Promise<readonly Root[]>;

/**
 * Calls the handler and validates its answer.
 *
 * @throws {TypeError} for an invalid answer
 * @spec client/roots#root
 */
export async function answerRoots(
  handler: RootsHandler,
  info: InputInfo,
): Promise<ListRootsResult> {
  const answer = { roots: await handler(info) };
  const isFile = ({ uri }: Root) => uri.startsWith("file://");
  if (isListRootsResult(answer) && answer.roots.every(isFile)) return answer;
  throw new TypeError("onRoots: expected an array of roots, each with a file: URI");
}
