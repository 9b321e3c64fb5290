/** Adds the parts of extensions to a client. */
import type { CallToolResult } from "../protocol/tools.ts";
import type {
  ClientExtension,
  ClientHost,
  FollowedCall,
  InstalledClientExtension,
} from "./extension.ts";
import { canAnswer, gather } from "./input-required.ts";
import type { Sender } from "./send.ts";
import type { Tools } from "./tools.ts";

export interface InstalledExtensions {
  readonly members: { readonly [name: string]: unknown };
  /** Follows a result of an extension's type; returns others as they are. */
  readonly follow: (result: CallToolResult, call: FollowedCall) => Promise<CallToolResult>;
}

/**
 * Installs all extensions in the order of the list.
 *
 * @throws {TypeError} for a member whose name is in use
 */
export function installExtensions(
  extensions: readonly ClientExtension[],
  host: ClientHost,
  clientMembers: object,
): InstalledExtensions {
  const follows = new Map<string, NonNullable<InstalledClientExtension["follow"]>>();
  const members: Record<string, unknown> = {};
  for (const { id, install, resultTypes = {} } of extensions) {
    const installed = install?.(host);
    for (const [name, member] of Object.entries(installed?.members ?? {})) {
      if (Object.hasOwn(clientMembers, name) || Object.hasOwn(members, name)) {
        throw new TypeError(`extensions: ${id}: the client already has a member "${name}"`);
      }
      members[name] = member;
    }
    if (!installed?.follow) continue;
    for (const resultType of Object.keys(resultTypes)) follows.set(resultType, installed.follow);
  }
  return {
    members,
    follow: async (result, call) => {
      const follow = follows.get(result.resultType ?? "complete");
      return follow === undefined ? result : follow(result, call);
    },
  };
}

/** Creates the functions that extensions get besides the client's own methods. */
export function clientHost(
  sender: Sender,
  { call, check }: Tools,
): Omit<ClientHost, "request" | "listen"> {
  const { server, options, open, isClosed } = sender;
  return {
    server,
    options,
    isClosed,
    onClose: (stop) => {
      const entry = open.add(stop);
      return () => void open.delete(entry);
    },
    callTool: call,
    checkToolResult: check,
    canAnswer: (request) => canAnswer(request, options),
    answer: (inputRequests, { round, ...asked }) => gather(sender, asked, { inputRequests, round }),
  };
}
