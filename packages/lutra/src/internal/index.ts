/**
 * `lutra/internal`: functions that the packages of this repository share.
 *
 * Not covered by semantic versioning. Applications use the other entry points.
 */

import type { LoadEras } from "../transport/http/era-transport.ts";

export { serverMetadataURLs } from "../auth/server-metadata-urls.ts";
export type { FollowedSubscription, NextStep, StreamEnd } from "../client/follow-subscription.ts";
export { followSubscription } from "../client/follow-subscription.ts";
export type { NotificationBuffer } from "../client/notification-buffer.ts";
export { createNotificationBuffer } from "../client/notification-buffer.ts";
export type { PolledTask, TaskWaiter } from "../extensions/tasks/client/poll-task.ts";
export { taskResult } from "../extensions/tasks/client/poll-task.ts";
export { taskCapableMethods } from "../extensions/tasks/protocol.ts";
export type { TaskOverview } from "../extensions/tasks/server/task-overview.ts";
export { taskOverview, taskPrincipal } from "../extensions/tasks/server/task-overview.ts";
export { toLegacyMeta } from "../legacy/client/to-wire.ts";
export { capabilitiesIn } from "../legacy/session.ts";
export { hasNotifications, keyedMeta } from "../middleware/cache-keys.ts";
export { callerOf, networkOf, plainAddress } from "../protocol/caller.ts";
export { closest, didYouMean, expectedOneOf } from "../protocol/closest.ts";
export {
  asksForInitialize,
  EarlierRevisionError,
  evidenceInError,
  evidenceInVersions,
  isEarlierRevision,
} from "../protocol/earlier-revision.ts";
export { canElicit } from "../protocol/elicitation.ts";
export { invalidParams, tooMany } from "../protocol/errors.ts";
export { mismatch as headerMismatch } from "../protocol/http-headers.ts";
export { originalParams } from "../protocol/input-responses.ts";
export { isolate } from "../protocol/isolate.ts";
export { maxJSONDepth, sizeOfJSON } from "../protocol/json.ts";
export type { RepeatHints } from "../protocol/method.ts";
export { mayRunTwice, nameOf } from "../protocol/method.ts";
export type { OpenEntry } from "../protocol/open-entries.ts";
export { OpenMap, OpenSet } from "../protocol/open-entries.ts";
export { parseURL } from "../protocol/parse-url.ts";
export { quoted as quotedPeerText, textOf, withoutSecrets } from "../protocol/peer-text.ts";
export { abortsOf, copyContext } from "../protocol/request-aborts.ts";
export { resourceNotFound } from "../protocol/resources.ts";
export { isTraceparent, traceIdOf, withTraceContext } from "../protocol/trace-context.ts";
export { isTransient } from "../protocol/transient.ts";
export { normalURI } from "../protocol/uri.ts";
export { filesReadChannel } from "../server/files-read.ts";
export { SubscriptionTable } from "../server/subscription-table.ts";
export { BoundedMap } from "../stores/bounded-map.ts";
export { ConfirmedMessages } from "../stores/confirmed-messages.ts";
export { LocalTasks } from "../stores/local-tasks.ts";
export type { OptionalPackage } from "../stores/missing-package.ts";
export { loadOptional, MissingPackageError } from "../stores/missing-package.ts";
export type { AttemptEnd, Claim, ClaimedChange, Written } from "../stores/task-attempt.ts";
export type { ClaimRequest, QueueListener, TaskQueue } from "../stores/task-runner.ts";
export { abortError, unlessAborted } from "../time/abort.ts";
export { atTime } from "../time/at-time.ts";
export type { Pace } from "../time/backoff.ts";
export { backoffMs, delay } from "../time/backoff.ts";
export { maxTimerMs } from "../time/max-timer.ts";
export type { RetryAfterClock } from "../time/retry-after.ts";
export { maxRetryAfterMs, parseRetryAfter, pauseBefore } from "../time/retry-after.ts";
export { steadyNow } from "../time/steady-clock.ts";
export type { Bounds } from "../time/within.ts";
export { within } from "../time/within.ts";
export { problemWithOrigin } from "../transport/http/allowed-origins.ts";
export { failClosed } from "../transport/http/authenticate.ts";
export {
  bearerTokenForm,
  bearerTokenPattern,
  parseBearerTokens,
} from "../transport/http/bearer-tokens.ts";
export { lingerMs } from "../transport/http/client.ts";
export type { HttpSender } from "../transport/http/client-undici.ts";
export { createHttpSender } from "../transport/http/client-undici.ts";
export type { HttpEras, HttpErasInit } from "../transport/http/era-transport.ts";
export type { AddressSettings, ListenAddress } from "../transport/http/listen-error.ts";
export { explainListenError } from "../transport/http/listen-error.ts";
export { isEventStream, isJSON } from "../transport/http/media-type.ts";
export { watchArrival } from "../transport/http/node-arrival.ts";
export { takeWhole } from "../transport/http/node-body.ts";
export { defaultConnections, refuseConnection } from "../transport/http/node-connection-limit.ts";
export { endWithText } from "../transport/http/node-end.ts";
export { endEarly } from "../transport/http/node-end-early.ts";
export type { NodeEndpoint, ScreenedRequest } from "../transport/http/node-endpoint.ts";
export { createNodeEndpoint, serveScreened } from "../transport/http/node-endpoint.ts";
export { withExample } from "../transport/http/node-example.ts";
export type { ConnectionFeed } from "../transport/http/node-feed.ts";
export type { NodeLegacy } from "../transport/http/node-legacy.ts";
export { createNodeLegacy } from "../transport/http/node-legacy.ts";
export {
  listenAt,
  placeAt,
  type TlsSettings,
  unixAddress,
} from "../transport/http/node-listener.ts";
export type { MalformedRequest } from "../transport/http/node-malformed.ts";
export type { PagedEndpoint } from "../transport/http/node-page.ts";
export { pageContext, withPage } from "../transport/http/node-page.ts";
export type { PageSection } from "../transport/http/node-page-document.ts";
export { renderPage, sendPage, wantsPage } from "../transport/http/node-page-document.ts";
export {
  createPrincipalEncoder,
  createPrincipalKey,
  passedPrincipal,
  principalHeader,
} from "../transport/http/node-passed-principal.ts";
export type { ExplainedRefusal } from "../transport/http/node-refusal.ts";
export { explainRefusal, readSmallMessage } from "../transport/http/node-refusal.ts";
export { headerReader, screenRequest, targetOf } from "../transport/http/node-screening.ts";
export type { HttpService } from "../transport/http/node-serve.ts";
export { listenHttp, type OwnEndpoint } from "../transport/http/node-serve.ts";
export { html } from "../transport/http/page-html.ts";
export type { HttpRules, ReadHeader, Refusal, ResponseHeaders } from "../transport/http/rules.ts";
export { withDefaults as httpRules } from "../transport/http/rules.ts";
export { createConnector } from "../transport/http/undici-connector.ts";
export type { PassedCall, PassedRequest } from "../transport/passed-call.ts";

/** Loads the client's part for servers of earlier revisions. */
export const loadHttpEras: LoadEras = () => import("../legacy/client/index.ts");
