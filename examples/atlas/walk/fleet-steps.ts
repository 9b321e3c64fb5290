/** The step that kills a replica during calls. */
import { setTimeout as delay } from "node:timers/promises";
import { expectTrue, required, type Step } from "./step.ts";

const victim = 2;
/** Pause that leaves the processor to the starting replica, in milliseconds. */
const pauseMs = 10;

export const fleetSteps: readonly Step[] = [
  {
    title: "Kill a replica during calls",
    run: async ({ client, fleet, tripId, answeredBy }) => {
      const pid = required(fleet.pids.get(victim), "expected the pid of the replica");
      let isBack = false;
      const back = fleet.isBack(victim).then(() => {
        isBack = true;
      });
      const start = performance.now();
      process.kill(pid, "SIGKILL");
      let answered = 0;
      while (!isBack) {
        const { isError } = await client.callTool("search", { query: "otter", limit: 1 });
        expectTrue(!isError, "expected the search to succeed");
        answered += 1;
        await delay(pauseMs);
      }
      await back;
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const first = answeredBy.length;
      for (let call = 0; call < 3; call += 1) {
        const { isError } = await client.callTool("show_trip", { trip_id: tripId });
        expectTrue(!isError, "expected every replica to know the trip");
      }
      const isServing = answeredBy.slice(first).includes(victim);
      expectTrue(isServing, "expected the new replica to answer");
      return (
        `Replica ${victim} (pid ${pid}) was killed. ${answered} calls were answered in the meantime ` +
        "and none was lost: search is read-only, so the gateway retried it at another replica. " +
        `After ${seconds} s the replica was back (pid ${fleet.pids.get(victim)}) and could read ` +
        "the trip, which was created before it started."
      );
    },
  },
];
