/** The limits that docs/limits.md leaves out, because they refuse and drop nothing for a caller. */

/** The reasons why numbers are not in the document, by name within the path of a file. */
export interface InternalLimits {
  readonly [path: string]: { readonly [name: string]: string };
}

const wording = "bounds the words of a message";
const batch = "bounds a batch; the rest follows in the next one";
const memo = "bounds a memory of values that are computed again";
const exported = "bounds a generated configuration, whose export fails with a message";

export const internalLimits: InternalLimits = {
  "packages/cli/src/address.ts": { maxTimerMs: "the longest timer of Node" },
  "packages/cli/src/client/find-target.ts": { maxLabelColumns: wording },
  "packages/cli/src/client/screen.ts": { maxTermColumns: "the width of a column of a table" },
  "packages/cli/src/eras.ts": { maxShown: "bounds a table; --json prints everything" },
  "packages/cli/src/help.ts": { maxColumns: "the width of the help text" },
  "packages/console/src/page/views/fleet/eras-panel.tsx": {
    maxRows: "bounds a table; /eras of the admin listener has all rows",
  },
  "packages/console/src/page/views/traces/filter-bar.tsx": {
    maxOffered: "bounds the choices of a field; the search finds the others",
  },
  "packages/gateway/src/admin/admin-page.ts": { maxShown: "bounds a page for operators" },
  "packages/gateway/src/bridge/mirrored-params.ts": {
    maxKnownTools: memo,
    maxPages: "longer lists are not searched",
  },
  "packages/gateway/src/bridge/replica-fetch.ts": { maxKeptBytes: "above it, reading pauses" },
  "packages/gateway/src/bridge/session-pool.ts": { maxSweepMs: "the pause between two searches" },
  "packages/gateway/src/console/cache-overview.ts": { maxBytes: "of a cache that is off" },
  "packages/gateway/src/eras/era-report.ts": { maxNamed: wording },
  "packages/gateway/src/eras/kept-eras.ts": {
    maxWrites: "counts that were not stored follow a minute later",
    sweepLimit: batch,
  },
  "packages/gateway/src/export/base64-pattern.ts": { maxStars: exported },
  "packages/gateway/src/export/haproxy.ts": { maxWords: exported },
  "packages/gateway/src/export/nginx.ts": { maxLine: exported, maxRegex: exported },
  "packages/gateway/src/limits/limit-key.ts": { maxKeyLength: "longer keys are hashed" },
  "packages/gateway/src/log/entry-buffer.ts": { maxEntries: batch, maxFlushMs: "bounds an exit" },
  "packages/gateway/src/merge/capabilities.ts": { maxAgeMs: memo },
  "packages/gateway/src/merge/refresh.ts": { maxAttempts: memo },
  "packages/gateway/src/merge/routing-table.ts": { maxShared: memo, maxEntries: memo },
  "packages/gateway/src/credentials/obtain.ts": { maxScopeSets: memo },
  "packages/gateway/src/processes/run-process.ts": {
    maxRecorded: "of exchanges that are sent every 250 ms",
  },
  "packages/gateway/src/head/by-name.ts": { maxNames: memo, maxNameLength: memo },
  "packages/gateway/src/wire/fields.ts": { maxNames: memo, maxNameLength: memo },
  "packages/gateway/src/sign-in/account-credentials.ts": { maxRefused: memo },
  "packages/gateway/src/sign-in/accounts.ts": { maxUsers: memo },
  "packages/gateway/src/sign-in/consents.ts": { maxRemembered: memo },
  "packages/gateway/src/skills/skill-entries.ts": {
    maxAgeMs: memo,
    maxHeld: memo,
    maxRoots: memo,
    maxCallers: memo,
  },
  "packages/gateway/src/skills/skill-gate.ts": {
    maxWarned: "after more warnings, they may repeat",
  },
  "packages/lutra/src/apps/host/policy.ts": { maxReported: wording },
  "packages/lutra/src/client/notification-buffer.ts": {
    maxComparedBytes: "larger notifications are kept without a comparison",
  },
  "packages/lutra/src/client/tool-catalogue.ts": {
    maxWarned: "after more warnings, they may repeat",
  },
  "packages/lutra/src/extensions/tasks/server/running-tasks.ts": {
    maxRemembered: "bounds a memory of recent cancellations",
  },
  "packages/lutra/src/legacy/session-changes.ts": { maxReadSessions: memo },
  "packages/lutra/src/legacy/session.ts": { maxOpened: memo, maxOpenedLength: memo },
  "packages/lutra/src/middleware/caching.ts": {
    maxSkewMs: "older responses of other processes are requested again",
  },
  "packages/lutra/src/middleware/cache-keys.ts": { maxKnown: memo, maxKnownLength: memo },
  "packages/lutra/src/protocol/peer-text.ts": {
    maxQuotedLength: wording,
    maxSearchedLength: wording,
  },
  "packages/lutra/src/protocol/json.ts": { maxCheckedDepth: "deeper values are copied" },
  "packages/lutra/src/schema/assertions.ts": { maxCompared: "more constants use a set" },
  "packages/lutra/src/schema/in-place.ts": { maxReasons: wording, maxExplained: wording },
  "packages/lutra/src/schema/object-schema.ts": {
    maxDepth: "a deeper schema must state the type itself",
  },
  "packages/lutra/src/schema/resources.ts": { maxPath: wording },
  "packages/lutra/src/schema/validation.ts": {
    maxQuoted: wording,
    maxKeys: wording,
    maxProblemLength: wording,
  },
  "packages/lutra/src/server/handles.ts": { sweepLimit: batch },
  "packages/lutra/src/server/print-error.ts": { maxCauses: wording },
  "packages/lutra/src/transport/http/legacy-hook.ts": {
    maxEarly: "bounds the events that arrive while a module is loaded",
  },
  "packages/lutra/src/transport/http/node-example.ts": { maxProblemLength: wording },
  "packages/lutra/src/transport/http/node-request-headers.ts": {
    maxShapes: "the headers of further clients of a connection are read by Node",
  },
  "packages/lutra/src/transport/pieced-text.ts": { maxPieces: batch },
  "packages/lutra/src/transport/stdio/paced-lines.ts": { maxLines: batch },
  "packages/lutra/src/transport/stdio/restarts.ts": { maxDelayMs: "the longest pause" },
  "packages/migrate/src/source/facts.ts": { maxWrittenLength: "bounds a text that rules compare" },
  "packages/stores/src/postgres/event-outbox.ts": { maxBatch: batch },
  "packages/stores/src/redis/connection.ts": { maxRetriesPerRequest: "an option of the driver" },
  "packages/stores/src/sql/replay-guard.ts": { sweepLimit: batch },
};
