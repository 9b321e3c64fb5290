/**
 * Requests whose head has no version with metadata headers, or that were refused by their head: the bridge
 * takes those of legacy sessions.
 */
import { explainRefusal, type ReadHeader, type Refusal, serveScreened } from "lutra/internal";
import { legacyMembers } from "./bridge/serve-routed.ts";
import { recordIn } from "./exchange-record.ts";
import {
  completion,
  countUnread,
  fail,
  findAction,
  type HandledRequest,
  observed,
  traceOf,
} from "./handled-request.ts";
import { unreadHead } from "./head/page-head.ts";
import { readHead } from "./head/read-head.ts";
import { notificationRefused, refuseScreened } from "./refuse.ts";

/** Answers a request that was refused by its head, unless it is one of a legacy session. */
export function answerRefused(refusal: Refusal, handled: HandledRequest): void {
  const { req, res, record, header, cors, settings } = handled;
  const { legacy, rules, streams } = settings.endpoint;
  try {
    const parts = { req, res, header, cors, streams };
    if (legacy?.takesMethod(refusal, parts)) {
      void legacy.session({ ...parts, ...legacyParts(handled) });
      return;
    }
  } catch (error) {
    fail(handled, error);
    return;
  }
  record.reason = "screening";
  record.head = unreadHead(req, settings.peers);
  record.code = refusal.error?.code;
  explainRefusal(refusal, req, header)
    .then((explained) => refuseScreened(res, explained, cors))
    .catch((error) => {
      rules.onError(error);
      res.destroy();
    });
}

/**
 * Serves a request without the version of a revision with metadata headers. Only its body tells
 * whether it belongs to a legacy session; if not, it is refused like any request without metadata.
 */
export async function serveUnversioned(handled: HandledRequest): Promise<void> {
  const { req, res, record, header, cors, settings } = handled;
  const { plan, endpoint } = settings;
  const onNotification = notificationRefused;
  const screened = { req, res, header, cors, onNotification, ...legacyParts(handled) };
  const error = await serveScreened(screened, endpoint, async (request, context) => {
    const action = findAction(record, plan);
    if (action.kind === "refuse") throw action.error;
    recordIn(context, record);
    record.trace ??= settings.startTrace?.(record, traceOf(request, header));
    return observed(action.serve, settings)(request, context);
  });
  if (error !== undefined) record.code = error.code;
  countUnread(handled);
}

/** Returns the parts of a request that legacy sessions need beside those of HTTP. */
function legacyParts(handled: HandledRequest) {
  const { req, record, header, settings } = handled;
  const { callers, peers } = settings;
  // The head of a legacy request names no method; those made from it do.
  const sent = readHead(req, peers);
  record.head = sent;
  return {
    authenticate:
      callers &&
      ((read: ReadHeader) => callers.identify(read, { ...sent, httpMethod: req.method })),
    members: legacyMembers({ record, header, sent, complete: completion(handled) }),
  };
}
