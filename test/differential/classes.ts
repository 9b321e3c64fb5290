/** The classes of differences between Lutra and the official SDK, each with its reason. */

export interface Difference {
  /** The method and the name that the unchanged request has. */
  readonly method: string;
  /** The change of the request, as `requests.ts` names it. */
  readonly change: string;
  readonly lutra: string;
  readonly official: string;
}

export interface Class {
  readonly change: RegExp;
  readonly lutra: RegExp;
  readonly official: RegExp;
  readonly why: string;
  /** The page of the specification that decides, or leaves the choice. */
  readonly page: string;
}

export const classes: readonly Class[] = [
  {
    change: /./,
    lutra: /^200 \{"supportedVersions":\["2026-07-28",.*\]\}$/,
    official: /^200 \{"supportedVersions":\["2026-07-28"\]\}$/,
    why: "A server that also serves earlier revisions lists them; the official server lists the modern ones.",
    page: "server/discover",
  },
  {
    change: /^(?:_meta|version in _meta|capabilities|progressToken|logLevel)$/,
    lutra: /^400 -32602$/,
    official: /^400 -326(?:00|02)$/,
    why: "Malformed protocol fields are invalid parameters, and not an invalid request.",
    page: "basic/index#meta",
  },
  {
    change: /^content type$/,
    lutra: /^415 -32600$/,
    official: /^415 -32000$/,
    why: "The code -32000 belongs to the range that the specification keeps for earlier uses.",
    page: "basic/index#error-codes",
  },
  {
    change: /^cursor$/,
    lutra: /^400 -32602$/,
    official: /^200 (?:-32603|\{.*\})$/,
    why: "Cursors that the server has not issued are invalid parameters; the official server ignores them, or calls them its own failure.",
    page: "server/utilities/pagination#error-handling",
  },
  {
    change: /^(?:one argument|one parameter)$/,
    lutra: /^200 \{"isError":true\}$/,
    official: /^200 \{"content":\[\{"text":"plain","type":"text"\}\]\}$/,
    why: "A tool without an input schema takes no arguments; the official server runs it with any.",
    page: "server/tools#tool",
  },
  {
    change: /^one (?:argument|parameter)$/,
    lutra: /^400 -32020$/,
    official: /^200 (?:-3260[23]|\{"isError":true\})$/,
    why: "A header that does not match the body is refused before the parameters are checked.",
    page: "basic/transports/streamable-http#server-validation",
  },
  {
    change: /^one (?:argument|parameter)$/,
    lutra: /^400 -32602$/,
    official: /^200 -3260[23]$/,
    why: "Malformed parameters are invalid parameters with the status 400, and not an internal error.",
    page: "basic/index#error-codes",
  },
  {
    change: /^one argument$/,
    lutra: /^400 -32602$/,
    official: /^200 \{"messages":.*\}$/,
    why: "Arguments that a prompt does not declare are refused; the official server drops them.",
    page: "server/prompts#security",
  },
  {
    change: /^unknown name$/,
    lutra: /^400 -32602$/,
    official: /^200 -3260[23]$/,
    why: "Unknown tools, prompts and resources are invalid parameters; Lutra sends the status 400 with them.",
    page: "basic/transports/streamable-http#sending-messages",
  },
];

/** Returns the classes of a difference. None means that the difference is not explained. */
export function classesOf(difference: Difference, all: readonly Class[]): readonly Class[] {
  return all.filter(
    ({ change, lutra, official }) =>
      change.test(difference.change) &&
      lutra.test(difference.lutra) &&
      official.test(difference.official),
  );
}
