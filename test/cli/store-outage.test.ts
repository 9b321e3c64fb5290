/** A fleet whose database is unavailable for a while: requests that need it get a Retry-After. */
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  hasPostgresBinaries,
  type PostgresServer,
  startPostgres,
  withoutPostgres,
} from "../stores/postgres-server.ts";
import { callTool, send } from "./http.ts";
import { endLutra, type RunningServer, startLutra } from "./run-lutra.ts";
import { begin, tasksModule, textOf } from "./tasks-client.ts";

const name = "a fleet whose Postgres is stopped and started";
describe.skipIf(!hasPostgresBinaries)(
  hasPostgresBinaries ? name : `${name} (${withoutPostgres})`,
  () => {
    let postgres: PostgresServer;
    let fleet: RunningServer;
    beforeAll(async () => {
      postgres = await startPostgres(true);
      fleet = await startLutra("up", tasksModule, "--store", postgres.url);
    });
    afterAll(() => postgres?.remove());

    it("refuses requests that need the store, serves the others, and loses nothing", {
      timeout: 120_000,
    }, async () => {
      const { url } = fleet;
      const { client, taskId, pid } = await begin(url);
      const note = textOf(await client.callTool("keep"));
      const user = createUser();
      const asking = createClient(url, { extensions: [followTasks()], onElicit: user.answer });
      const { task, result } = await asking.tasks.start("ask");
      const question = task?.taskId ?? "";
      // The client follows both tasks when the store stops; the user has not answered yet.
      const survived = client.tasks.resume(taskId);
      const answered = result();
      await user.asked;

      postgres.stop();
      const requests = [
        ["tools/call", { name: "keep", arguments: {} }],
        ["tools/call", { name: "ask", arguments: {} }],
        ["tasks/get", { taskId }],
        ["tasks/update", { taskId: question, inputResponses: {} }],
        ["tasks/cancel", { taskId: question }],
      ] as const;
      for (const [method, params] of requests) {
        const response = await send(url, method, params);
        expect([method, response.status]).toEqual([method, 503]);
        expect(response.headers.get("retry-after")).toBe("2");
        expect(await response.json()).toEqual({
          jsonrpc: "2.0",
          id: 1,
          error: { code: -32603, message: expect.not.stringContaining("otter") },
        });
      }
      const replicas = new Set<string | null>();
      // The clients poll their tasks in between, so the replicas do not take turns exactly.
      for (let call = 0; call < 30 && replicas.size < 3; call += 1) {
        const { status, replica } = await callTool(url, "pid");
        expect(status).toBe(200);
        replicas.add(replica);
      }
      expect(replicas.size).toBe(3);
      await expect(client.callTool("keep")).rejects.toMatchObject({ reason: "internalError" });

      // The user answers while the store is down, and the process of the other task is killed.
      user.decide();
      process.kill(pid, "SIGKILL");
      await fleet.line(/^lutra: replica \d died \(cannot open the store: .* connection refused\)/);
      postgres.start();

      expect(textOf(await survived)).toMatch(
        new RegExp(`^begun by ${pid}, ended by (?!${pid}$)\\d+$`),
      );
      expect(textOf(await answered)).toMatch(/^accept in \d+$/);
      expect(textOf(await client.callTool("recall", { note }))).toMatch(/^kept by \d+$/);
      expect(textOf(await client.callTool("keep"))).not.toBe(note);
      await Promise.all([client, asking].map(({ close }) => close()));
      await endLutra(fleet);
      expect([...fleet.stdout, ...fleet.stderr].join("\n")).not.toContain(
        new URL(postgres.url).password,
      );
    });
  },
);

/** Creates a user who answers only when told to. */
function createUser() {
  let ask: () => void = () => {};
  let decide: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const answer = async () => {
    ask();
    await decided;
    return { action: "accept", content: { sure: true } } as const;
  };
  return { asked, decide: () => decide(), answer };
}
