/** The statements on tasks that need SQLite. `due_at` is in milliseconds since 1970. */
import {
  claimChanges,
  claimedColumns,
  type TaskStatements,
  taskStatements,
} from "../sql/task-statements.ts";
import { dialect } from "./database.ts";

export const statements: TaskStatements = taskStatements({
  ...dialect,
  dueNow: "$5",
  dueLater: (time) => time,
  waking: (sql) => sql,
  // The session must not have ended.
  held: "SELECT $1, $2, $3, $4, $5, 1, 'run', 1, 1, id FROM sessions WHERE id = $6",
});

const isOrdered = "duty = 'run' AND runner IS NULL";

/**
 * The earliest due time. Parameters: the `lost_runs` from which tasks run isolated, and whether one
 * of those may be claimed.
 */
export const nextDueAt: string = `
  SELECT min(due_at) AS dueAt FROM tasks WHERE ${isOrdered} AND ($2 OR lost_runs < $1)`;

/**
 * Claims due tasks while the session lasts. Parameters: now, session, limit, and those of
 * `nextDueAt`.
 */
export const claim: string = `
  UPDATE tasks SET ${claimChanges("$1", "$2")}
  WHERE EXISTS (SELECT 1 FROM sessions WHERE id = $2) AND task_id IN (
    SELECT task_id FROM tasks INDEXED BY tasks_turn WHERE ${isOrdered} AND due_at <= $1
      AND (lost_runs < $4 OR task_id = (
        SELECT task_id FROM tasks INDEXED BY tasks_lost
        WHERE ${isOrdered} AND due_at <= $1 AND lost_runs > 0 AND lost_runs >= $4 AND $5
        ORDER BY due_at LIMIT 1))
    ORDER BY has_begun DESC, due_at LIMIT $3)
  RETURNING ${claimedColumns}`;

const isOrphan = (column: string) =>
  `${column} IS NOT NULL AND ${column} NOT IN (SELECT id FROM sessions)`;

export const hasOrphans: string = `
  SELECT EXISTS (SELECT 1 FROM tasks WHERE ${isOrphan("runner")})
    OR EXISTS (SELECT 1 FROM tasks WHERE ${isOrphan("holder")}) AS found`;

/** Releases tasks whose session has ended. Parameters: the due time, and 1 for lost attempts. */
export const releaseOrphans: string = `
  UPDATE tasks SET runner = NULL, holder = NULL, due_at = $1,
    lost_runs = CASE WHEN $2 THEN lost_runs + 1 ELSE 0 END,
    orders = orders + (duty IS 'hold'), duty = CASE WHEN duty IS 'hold' THEN 'run' ELSE duty END
  WHERE (${isOrphan("runner")}) OR (${isOrphan("holder")})`;

/** Sets tasks due that would be due later. Parameter: now. */
export const moveDueTimes: string = `
  UPDATE tasks SET due_at = $1 WHERE ${isOrdered} AND due_at > $1`;
