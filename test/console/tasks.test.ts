/** The tasks in the store of a fleet, in the view Fleet in Chromium. */
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import { describe, expect, it, onTestFinished } from "vitest";
import { startLutra } from "../cli/run-lutra.ts";
import { compiled } from "../compiled.ts";
import {
  hasChromium,
  needsChromium,
  openPage,
  seriousFindings,
  shoot,
  timeout,
} from "./in-browser.ts";

const module = compiled(new URL("fixtures/shown-server.ts", import.meta.url));
const poll = { timeout };

/** Calls a tool that asks, and whose question stays open. Resolves to its outcome, once it has asked. */
async function callAndWait(url: string): Promise<{ readonly outcome: Promise<unknown> }> {
  return new Promise((resolve) => {
    const client = createClient(url, {
      extensions: [followTasks()],
      onElicit: (_params, { signal }) => {
        resolve({ outcome });
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
    });
    onTestFinished(() => client.close());
    const outcome = client.callTool("job").then(
      () => "done",
      (error: { readonly reason?: unknown }) => error.reason,
    );
  });
}

describe.skipIf(!hasChromium)(`the tasks of a fleet (${needsChromium})`, () => {
  it("shows the open question, the steps and the attempts of a task, and cancels it", async () => {
    const lutra = await startLutra("up", module, "--replicas", "2", "--admin", "0");
    onTestFinished(() => void lutra.child.kill("SIGKILL"));
    const [, link = ""] = await lutra.line(/^lutra: console on (http:\S+)$/);
    const { outcome } = await callAndWait(lutra.url);

    const { page, go } = await openPage(link);
    await go("#/fleet/tasks");
    const table = page.getByRole("region", { name: "Tasks", exact: true });
    const row = table.locator("tbody tr");
    await expect.poll(() => row.count(), poll).toBe(1);
    await row.getByText("input required").waitFor();
    await row.getByText("asks go: Shall the job go on?").waitFor();
    expect(await row.locator("td").nth(2).textContent()).toBe("1");
    await shoot(page, "tasks");
    expect(await seriousFindings(page)).toEqual([]);

    await row.getByRole("button", { name: /^Cancel the task/ }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the task" }).click();
    await row.getByText("cancelled", { exact: true }).waitFor();
    expect(await outcome).toBe("cancelled");
  });
});
