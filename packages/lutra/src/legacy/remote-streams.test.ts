import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventGapTopic } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import type { LegacyExchange } from "../transport/http/legacy-hook.ts";
import { Channel } from "./channel.ts";
import { RemoteStreams } from "./remote-streams.ts";
import { ResumableStreams } from "./resumable-stream.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The request of a client that resumes, whose response the test reads. */
function createExchange() {
  const texts: string[] = [];
  let close: (isComplete: boolean) => void = () => {};
  const exchange: LegacyExchange = {
    target: "/mcp",
    header: () => undefined,
    principal: undefined,
    address: undefined,
    respond: () => {},
    isGone: () => false,
    onGone: () => {},
    stream: (onClose) => {
      close = onClose;
      const end = () => {
        texts.push("end");
        onClose(true);
      };
      return { write: (text) => void texts.push(text), end };
    },
  };
  return { exchange, texts, leave: () => close(false) };
}

function createReplicas() {
  const bus = createMemoryEventBus();
  const create = () => {
    const streams = new ResumableStreams();
    return { streams, remote: new RemoteStreams(new Channel(bus, () => {}), streams) };
  };
  return { bus, one: create(), two: create() };
}

function openStream(streams: ResumableStreams) {
  const onAbandoned = vi.fn();
  const sink = { write: () => {}, end: () => {} };
  const stream = streams.open(sink, { owner: "s", isPrimed: false, onAbandoned });
  stream.send('"first"');
  stream.detach(sink, false);
  return { stream, onAbandoned };
}

const dataOf = (texts: readonly string[]) =>
  texts.map((text) => /^data: (.*)$/m.exec(text)?.[1] ?? text);

describe("a stream of another replica", () => {
  it("continues after the last event, to its end", async () => {
    const { one, two } = createReplicas();
    const { stream, onAbandoned } = openStream(one.streams);
    const { exchange, texts } = createExchange();
    expect(await two.remote.resume(`${stream.id}.0`, "s", exchange)).toBe(true);
    stream.send('"second"');
    stream.end('"last"');
    expect(dataOf(texts)).toEqual(['"first"', '"second"', '"last"', "end"]);
    // The client has read it to its end, so nothing is kept.
    expect(one.streams.find(`${stream.id}.0`, "s")).toBeUndefined();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(onAbandoned).not.toHaveBeenCalled();
  });

  it("goes on while its client reads, however long", async () => {
    const { one, two } = createReplicas();
    const { stream, onAbandoned } = openStream(one.streams);
    const { exchange, texts } = createExchange();
    await two.remote.resume(`${stream.id}.1`, "s", exchange);
    await vi.advanceTimersByTimeAsync(600_000);
    stream.send('"late"');
    expect(dataOf(texts)).toEqual(['"late"']);
    expect(onAbandoned).not.toHaveBeenCalled();
  });

  it("is abandoned when its client has left, and does not return in time", async () => {
    const { one, two } = createReplicas();
    const { stream, onAbandoned } = openStream(one.streams);
    const { exchange, leave } = createExchange();
    await two.remote.resume(`${stream.id}.1`, "s", exchange);
    leave();
    expect(onAbandoned).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(onAbandoned).toHaveBeenCalledTimes(1);
  });

  it("is abandoned when the replica with its client has died", async () => {
    const { bus, one } = createReplicas();
    const { stream, onAbandoned } = openStream(one.streams);
    const lastEventId = `${stream.id}.1`;
    const message = { kind: "resume", replica: "dead", to: "x", lastEventId, owner: "s" };
    bus.publish("lutra.legacy", message);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(onAbandoned).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1000);
    expect(onAbandoned).toHaveBeenCalledTimes(1);
  });

  it("ends its response after a gap of the bus, so that the client resumes again", async () => {
    const { bus, one, two } = createReplicas();
    const { stream } = openStream(one.streams);
    const first = createExchange();
    await two.remote.resume(`${stream.id}.1`, "s", first.exchange);
    bus.publish(eventGapTopic, {});
    expect(first.texts).toEqual(["end"]);
    stream.send('"missed"');
    const second = createExchange();
    expect(await two.remote.resume(`${stream.id}.1`, "s", second.exchange)).toBe(true);
    expect(dataOf(second.texts)).toEqual(['"missed"']);
  });

  it.each([
    ["of another session", (id: string) => `${id}.0`, "other"],
    ["that has no such event", (id: string) => `${id}.9`, "s"],
    ["that no replica has", () => `${"A".repeat(24)}.0`, "s"],
  ])("is not found within three seconds: one %s", async (_what, lastEventId, owner) => {
    const { one, two } = createReplicas();
    const { stream } = openStream(one.streams);
    const { exchange, texts } = createExchange();
    const resumed = two.remote.resume(lastEventId(stream.id), owner, exchange);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await resumed).toBe(false);
    expect(texts).toEqual([]);
  });

  it("is not searched for an id of this replica, or of another form", async () => {
    const { bus, one } = createReplicas();
    const published = vi.spyOn(bus, "publish");
    const { stream } = openStream(one.streams);
    for (const id of [`${stream.id}.9`, "x", "", "__proto__"]) {
      expect(await one.remote.resume(id, "s", createExchange().exchange)).toBe(false);
    }
    expect(published).not.toHaveBeenCalled();
  });
});
