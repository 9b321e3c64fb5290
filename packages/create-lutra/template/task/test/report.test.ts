import { followTasks } from "lutra/tasks";
import { connect } from "lutra/testing";
import { expect, it } from "vitest";
import server from "../src/server.ts";

it("returns the result of the task", async () => {
  const client = connect(server, { extensions: [followTasks()] });
  const { structuredContent } = await client.callTool("report", { pages: 2 });
  expect(structuredContent).toEqual({ pages: ["Page 1", "Page 2"] });
  await client.close();
});
