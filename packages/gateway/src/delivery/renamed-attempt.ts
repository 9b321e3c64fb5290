/** Attempts to send a request to a server of the current revision with another name. */
import type { HttpSender } from "lutra/internal";
import { encodeHeaderValue, headerNames } from "lutra/protocol";
import type { Spliced, SplicedRoute } from "./deliver-spliced.ts";
import { OpenAnswer } from "./open-answer.ts";
import type { ResponseBudget } from "./response-budget.ts";
import type { RequestHeaders } from "./stream-headers.ts";

export interface RenamedOptions {
  /** The name of the upstream. */
  readonly upstream: string;
  readonly requestHeaders: RequestHeaders;
  /** Reads the responses that are not passed on. */
  readonly send: HttpSender;
  /** Their memory. */
  readonly responses: ResponseBudget;
}

/** Returns the function that creates the way of a request. */
export function renamedRoute(options: RenamedOptions): (spliced: Spliced) => SplicedRoute {
  const { requestHeaders, ...parsing } = options;
  return ({ record: { head }, principal, name, read, isFinal }) => {
    const headers = [...requestHeaders(splicedHeaders(head.headers, name), principal)];
    const body = name === head.name ? read.body : read.renamed(name);
    return {
      start: ({ path }) => ({
        path,
        headers,
        body,
        finalOf: (text) => (isFinal(text) ? text : undefined),
        answer: (exchange) => new OpenAnswer({ ...exchange, ...parsing }),
      }),
    };
  };
}

/**
 * Returns the headers of the client with another name. The connection adds the length. A response in another
 * encoding could not be read.
 */
function splicedHeaders(headers: readonly string[], name: string): readonly string[] {
  const sent: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const header = headers[index] as string;
    if (header === "content-length" || header === "accept-encoding") continue;
    const value = headers[index + 1] as string;
    sent.push(header, header === headerNames.name ? encodeHeaderValue(name) : value);
  }
  sent.push("accept-encoding", "identity");
  return sent;
}
