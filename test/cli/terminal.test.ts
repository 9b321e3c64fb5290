/** The output of commands in a terminal. */
import { describe, expect, it } from "vitest";
import { callTool } from "./http.ts";
import { ctrlC, hasScript, inTerminal } from "./in-terminal.ts";

describe.skipIf(!hasScript)("in a terminal (needs script, of util-linux)", () => {
  it("a fleet marks the output of its replicas, and prints its log as text", async () => {
    const fleet = inTerminal("up fleet-server.ts --replicas 1 --log --port 0", { NO_COLOR: "1" });
    const [, url = ""] = await fleet.line(/^listening on (http:\S+)/);
    await callTool(url, "pid");
    await fleet.line(/^\d\d:\d\d:\d\d {2}200 {2}tools\/call pid +\d+\.\d ms {2}\[1\]/);
    void callTool(url, "wait").catch(() => {});
    await fleet.line(/^\[1\] fixture: waiting in \d+/);
    fleet.type(ctrlC);
    await fleet.line(/^(?:\^C)?lutra: waiting for 1 call; Ctrl-C again ends at once/);
    fleet.type(ctrlC);
    expect(await fleet.closed).toEqual([1, null]);
  });

  it("marks and statuses have colours, unless NO_COLOR is set", async () => {
    const fleet = inTerminal("up fleet-server.ts --replicas 1 --log --port 0");
    const [, url = ""] = await fleet.line(/^listening on (http:\S+)/);
    await callTool(url, "pid");
    const logged = await fleet.line(/tools\/call pid/);
    expect(logged.input).toContain("\u001b[32m200\u001b[39m  tools/call pid");
    void callTool(url, "wait").catch(() => {});
    const printed = await fleet.line(/fixture: waiting/);
    expect(printed.input).toMatch(/^.\[36m\[1\].\[39m fixture: waiting/);
  });

  it("serve names the calls that it waits for", async () => {
    const lutra = inTerminal("serve fleet-server.ts --port 0");
    const [, url = ""] = await lutra.line(/^listening on (http:\S+)/);
    const calls = [callTool(url, "wait"), callTool(url, "wait")];
    for (const call of calls) {
      call.catch(() => {});
      await lutra.line(/^fixture: waiting/);
    }
    lutra.type(ctrlC);
    await lutra.line(/^(?:\^C)?lutra: waiting for 2 calls; Ctrl-C again ends at once/);
    lutra.type(ctrlC);
    expect(await lutra.closed).toEqual([1, null]);
  });
});
