/**
 * `lutra/internal`: functions that the packages of this repository share.
 *
 * Not covered by semantic versioning. Applications use the other entry points.
 */

export type { FollowedSubscription, NextStep, StreamEnd } from "../client/follow-subscription.ts";
export { followSubscription } from "../client/follow-subscription.ts";
export type { NotificationBuffer } from "../client/notification-buffer.ts";
export { createNotificationBuffer } from "../client/notification-buffer.ts";
export type { PolledTask, TaskWaiter } from "../extensions/tasks/client/poll-task.ts";
export { taskResult } from "../extensions/tasks/client/poll-task.ts";
export { taskCapableMethods } from "../extensions/tasks/protocol.ts";
export { networkOf, plainAddress } from "../protocol/caller.ts";
export { invalidParams } from "../protocol/errors.ts";
export { mismatch as headerMismatch } from "../protocol/http-headers.ts";
export { originalParams } from "../protocol/input-responses.ts";
export { isolate } from "../protocol/isolate.ts";
export type { RepeatHints } from "../protocol/method.ts";
export { mayRunTwice, nameOf } from "../protocol/method.ts";
export { isTransient } from "../protocol/transient.ts";
export { BoundedMap } from "../stores/bounded-map.ts";
export { LocalTasks } from "../stores/local-tasks.ts";
export type { OptionalPackage } from "../stores/missing-package.ts";
export { loadOptional, MissingPackageError } from "../stores/missing-package.ts";
export type { AttemptEnd, Claim, ClaimedChange, Written } from "../stores/task-attempt.ts";
export type { ClaimRequest, QueueListener, TaskQueue } from "../stores/task-runner.ts";
export { abortError, unlessAborted } from "../time/abort.ts";
export type { Pace } from "../time/backoff.ts";
export { backoffMs, delay } from "../time/backoff.ts";
export { maxTimerMs } from "../time/max-timer.ts";
export type { RetryAfterClock } from "../time/retry-after.ts";
export { maxRetryAfterMs, parseRetryAfter, pauseBefore } from "../time/retry-after.ts";
export type { Bounds } from "../time/within.ts";
export { within } from "../time/within.ts";
export { failClosed } from "../transport/http/authenticate.ts";
export {
  bearerTokenForm,
  bearerTokenPattern,
  parseBearerTokens,
} from "../transport/http/bearer-tokens.ts";
export type { HttpSender } from "../transport/http/client-undici.ts";
export { createHttpSender } from "../transport/http/client-undici.ts";
export { isJSON } from "../transport/http/media-type.ts";
export { endEarly } from "../transport/http/node-end-early.ts";
export type { NodeEndpoint, ScreenedRequest } from "../transport/http/node-endpoint.ts";
export { createNodeEndpoint, serveScreened } from "../transport/http/node-endpoint.ts";
export {
  createPrincipalEncoder,
  createPrincipalKey,
  passedPrincipal,
  principalHeader,
} from "../transport/http/node-passed-principal.ts";
export { headerReader, screenRequest } from "../transport/http/node-screening.ts";
export type { HttpService } from "../transport/http/node-serve.ts";
export { listenHttp } from "../transport/http/node-serve.ts";
export type { HttpRules, ReadHeader, Refusal, ResponseHeaders } from "../transport/http/rules.ts";
export { withDefaults as httpRules } from "../transport/http/rules.ts";
