/** The checks of an MCP endpoint: its versions, its clock and its event streams. */
import { latestVersion, listen } from "lutra/protocol";
import { type Finding, findingsOf, reasonOf } from "./finding.ts";
import { ask, askToInitialize, type Endpoint, type RawAnswer, send } from "./raw-request.ts";

/** The difference of two clocks from which tokens may be refused, in milliseconds. */
const maxSkewMs = 30_000;

/** Checks the versions by the answer to `server/discover`. */
export async function checkVersions(endpoint: Endpoint, answer: RawAnswer): Promise<Finding> {
  const { ok, warning, problem } = findingsOf("versions");
  const { result, error } = answer.message ?? {};
  const versions = versionsIn(result?.supportedVersions) ?? versionsIn(dataOf(error, "supported"));
  if (versions?.includes(latestVersion)) return ok(`serves ${versions.join(", ")}`);
  const legacy = versions?.join(", ") ?? (await initializedVersion(endpoint));
  if (legacy !== undefined) {
    return warning(
      `serves ${legacy}, and not ${latestVersion}`,
      "Lutra's clients and gateways still use it; see the page Compatibility of the documentation",
    );
  }
  return problem(
    `not an MCP endpoint: it answers with ${describe(answer)}`,
    "check the path of the URL, which is often /mcp",
  );
}

function versionsIn(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

function dataOf(error: { readonly data?: unknown } | undefined, member: string): unknown {
  return (error?.data as { readonly [name: string]: unknown } | undefined)?.[member];
}

async function initializedVersion(endpoint: Endpoint): Promise<string | undefined> {
  const { message } = await askToInitialize(endpoint);
  const version = message?.result?.protocolVersion;
  return typeof version === "string" ? version : undefined;
}

function describe({ status, headers, message }: RawAnswer): string {
  const location = headers.get("location");
  if (location !== null) return `a redirect (${status}) to ${location}`;
  if (message?.error !== undefined) return `${status} and the error ${message.error.code}`;
  return `${status} ${headers.get("content-type") ?? "without a body"}`;
}

/** Compares the clock of the server, by its header `Date`, with that of this machine. */
export function checkClock({ headers, at }: RawAnswer): Finding {
  const { ok, skipped, problem } = findingsOf("clock");
  const time = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(time)) return skipped("the server sends no time");
  const seconds = Math.round((time - at) / 1000);
  if (Math.abs(time - at) <= maxSkewMs) return ok("the clocks of server and machine agree");
  const side = seconds > 0 ? "ahead of" : "behind";
  return problem(
    `the clock of the server is ${Math.abs(seconds)} s ${side} that of this machine`,
    "synchronise both with NTP; tokens and cached results expire at the wrong time",
  );
}

/** Opens a subscription, whose acknowledgement a proxy must pass on while the stream is open. */
export async function checkStreams(endpoint: Endpoint): Promise<Finding> {
  const { ok, skipped, problem } = findingsOf("streams");
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), endpoint.timeoutMs);
  const since = performance.now();
  try {
    const params = { notifications: {} };
    const response = await send(endpoint, listen.name, { params, signal: waiting.signal });
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream")) {
      await response.body?.cancel();
      return skipped(`the server opens no subscription (${response.status})`);
    }
    const { done } = (await response.body?.getReader().read()) ?? { done: true };
    if (done) return problem("an event stream ends at once", bufferingRemedy);
    return ok(`events arrive while a stream is open (${Math.round(performance.now() - since)} ms)`);
  } catch (error) {
    if (!waiting.signal.aborted)
      return problem(`no event stream: ${reasonOf(error)}`, bufferingRemedy);
    const seconds = endpoint.timeoutMs / 1000;
    return problem(`an event stream had no event after ${seconds} s`, bufferingRemedy);
  } finally {
    clearTimeout(timer);
    waiting.abort();
  }
}

const bufferingRemedy =
  "switch off buffering and compression of text/event-stream in the proxies on the way, " +
  "such as proxy_buffering off in nginx";

/** Asks for the identity of a server. */
export function discover(endpoint: Endpoint): Promise<RawAnswer> {
  return ask(endpoint, "server/discover");
}
