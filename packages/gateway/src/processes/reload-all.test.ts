import { afterEach, describe, expect, it, vi } from "vitest";
import { type Channel, ChannelClosedError } from "./channel.ts";
import type { ConfigMessage } from "./config-message.ts";
import { reloadAll } from "./reload-all.ts";

const message = { file: "gateway.yaml" } as ConfigMessage;

/** A process that answers the steps with these outcomes, and others at once. */
function played(outcomes: { readonly [step: string]: () => Promise<void> } = {}) {
  const steps: string[] = [];
  const ask = (step: string) => {
    steps.push(step);
    return outcomes[step]?.() ?? Promise.resolve();
  };
  const kill = vi.fn();
  const channel = { ask } as Pick<Channel, "ask"> as Channel;
  return { number: 1, pid: 1, channel, end: () => {}, kill, steps };
}

const refuses = (reason: string) => () => Promise.reject(new Error(reason));
const hangs = () => new Promise<void>(() => {});

afterEach(() => vi.useRealTimers());

describe("a reload of all processes", () => {
  it("is applied by none if one can't load the configuration", async () => {
    const [one, other] = [played(), played({ prepare: refuses("no such file") })];
    await expect(reloadAll([one, other], message)).rejects.toThrow("no such file");
    expect([one.steps, other.steps]).toEqual([["prepare"], ["prepare"]]);
  });

  it("is taken back by the others if one can't apply it", async () => {
    const [one, other] = [played(), played({ apply: refuses("no such module") })];
    await expect(reloadAll([one, other], message)).rejects.toThrow("no such module");
    expect(one.steps).toEqual(["prepare", "apply", "restore"]);
    expect(other.steps).toEqual(["prepare", "apply"]);
  });

  it("kills a process that can't take it back", async () => {
    const one = played({ restore: refuses("no such module") });
    await expect(reloadAll([one, played({ apply: refuses("bad") })], message)).rejects.toThrow(
      "bad",
    );
    expect(one.kill).toHaveBeenCalledOnce();
  });

  it("goes on without a process that has ended", async () => {
    const ended = played({ prepare: () => Promise.reject(new ChannelClosedError()) });
    const other = played();
    await reloadAll([ended, other], message);
    expect(other.steps).toEqual(["prepare", "apply"]);
  });

  it("kills a process that does not answer, and goes on without it", async () => {
    vi.useFakeTimers();
    const [hung, other] = [played({ prepare: hangs, apply: hangs }), played()];
    const reloaded = reloadAll([hung, other], message);
    await vi.advanceTimersByTimeAsync(360_000);
    await reloaded;
    expect(hung.kill).toHaveBeenCalled();
    expect(other.steps).toEqual(["prepare", "apply"]);
    expect(other.kill).not.toHaveBeenCalled();
  });
});
