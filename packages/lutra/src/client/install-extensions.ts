/** Puts the parts of extensions into a client. */
import type { ClientExtension, ClientHost, InstalledClientExtension } from "./extension.ts";
import { canAnswer, gather } from "./input-required.ts";
import type { Sender } from "./send.ts";
import type { Follow, Tools } from "./tools.ts";

export interface InstalledExtensions {
  readonly members: { readonly [name: string]: unknown };
  readonly follow: Follow;
}

/** Installs all extensions, each for the result types that it adds. */
export function installExtensions(
  extensions: readonly ClientExtension[],
  host: ClientHost,
): InstalledExtensions {
  const follows = new Map<string, NonNullable<InstalledClientExtension["follow"]>>();
  const members: Record<string, unknown> = {};
  for (const { install, resultTypes = {} } of extensions) {
    const installed = install?.(host);
    Object.assign(members, installed?.members);
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

/** What extensions get beside the client's own methods. */
export function clientHost(
  sender: Sender,
  { callOnce, check }: Tools,
): Omit<ClientHost, "request" | "listen"> {
  const { server, options, open, isClosed } = sender;
  return {
    server,
    options,
    isClosed,
    onClose: (stop) => {
      open.add(stop);
      return () => void open.delete(stop);
    },
    callTool: callOnce,
    checkToolResult: check,
    canAnswer: (request) => canAnswer(request, options),
    answer: (inputRequests, { round, ...asked }) => gather(sender, asked, { inputRequests, round }),
  };
}
