/** The step that kills the replica that runs a task. */
import { expectTrue, findPlace, required, type Step, type Walk } from "./step.ts";

const route = [
  ["lisbon", "PT"],
  ["madrid", "ES"],
  ["lyon", "FR"],
  ["zurich", "CH"],
  ["vienna", "AT"],
  ["athens", "GR"],
] as const;

/** The replica is killed during this leg or the next one; the input request comes before it. */
const brokenLeg = 4;

async function createRoute(walk: Walk): Promise<string> {
  const { client } = walk;
  const created = await client.callTool("create_trip", { name: "Across Europe" });
  const { trip_id } = required(created.structuredContent, "expected a trip");
  for (const [query, country] of route) {
    const { id } = await findPlace(walk, query, country);
    await client.callTool("add_to_trip", { trip_id, place: id });
  }
  return trip_id;
}

interface Killed {
  /** The leg that was interrupted. */
  readonly leg: number;
  readonly pid: number;
  /** The replicas at that moment, by process id. */
  readonly replicas: ReadonlyMap<number, number>;
  /** The process that the task reported for each observed leg. */
  readonly seen: ReadonlyMap<number, number>;
  readonly at: number;
  /** Resolves when another process has taken its place. */
  readonly back: Promise<void>;
}

/** Observes the task and kills the process that measures a late leg. */
async function killWorker({ client, fleet }: Walk, taskId: string): Promise<Killed> {
  const seen = new Map<number, number>();
  for await (const { status, statusMessage = "" } of client.tasks.watch(taskId)) {
    const [, leg, pid] = (/^Leg (\d+) of .* process (\d+)$/.exec(statusMessage) ?? []).map(Number);
    if (status !== "working" || leg === undefined || pid === undefined) continue;
    seen.set(leg, pid);
    if (leg < brokenLeg) continue;
    const replicas = new Map([...fleet.pids].map(([replica, pid]) => [pid, replica]));
    const back = fleet.isBack(required(replicas.get(pid), "expected a process of a replica"));
    process.kill(pid, "SIGKILL");
    return { leg, pid, replicas, seen, at: performance.now(), back };
  }
  throw new Error("expected the task to work on the route");
}

/**
 * Describes which process measured the legs, before and after the kill. The killed process may have
 * finished one more leg than observed.
 */
function checkLegs(measuredBy: readonly number[], { leg, pid, seen }: Killed) {
  const done = measuredBy.lastIndexOf(pid) + 1;
  const [before, after] = [measuredBy.slice(0, done), measuredBy.slice(done)];
  const isKept = before.every((by, index) => by === (seen.get(index + 1) ?? by));
  expectTrue(isKept && done >= leg - 1, "expected no leg to be measured again");
  expectTrue(after.length > 0, "expected another process to finish");
  return { before, after };
}

export const taskSteps: readonly Step[] = [
  {
    title: "Kill the replica that runs a task",
    run: async (walk) => {
      const { client, fleet, lastReplica, questions } = walk;
      const trip_id = await createRoute(walk);
      const { task, result } = await client.tasks.start("route_report", { trip_id });
      const { taskId } = required(task, "expected the call to become a task");
      const takenBy = lastReplica.get("tools/call");
      const [killed, { structuredContent }] = await Promise.all([
        killWorker(walk, taskId),
        result(),
      ]);
      const seconds = ((performance.now() - killed.at) / 1000).toFixed(1);
      const { legs, total, units } = required(structuredContent, "expected a report");
      const { before, after } = checkLegs(
        legs.map(({ measuredBy }) => measuredBy),
        killed,
      );
      const replicaOf = (pid: number | undefined) =>
        killed.replicas.get(pid ?? 0) ?? [...fleet.pids].find(([, known]) => known === pid)?.[0];
      await killed.back;
      return (
        `Replica ${takenBy} created a task for the call, and replica ${replicaOf(before[0])} started ` +
        `it, leg by leg. While it ran, the task asked “${questions.at(-1)}”; replica ` +
        `${lastReplica.get("tasks/update")} received the answer, ${units}. Replica ` +
        `${replicaOf(killed.pid)} (pid ${killed.pid}) continued and was killed in leg ` +
        `${before.length + 1} of ${legs.length}. Replica ${replicaOf(after.at(-1))} took over and ` +
        `finished the report ${seconds} s later: ${total} ${units}. The answer and the ` +
        `${before.length} completed legs were kept; no leg was measured twice.`
      );
    },
  },
];
