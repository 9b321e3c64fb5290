import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ResumableStreams } from "./resumable-stream.ts";

/** A response whose text the test reads. */
function createSink() {
  const texts: string[] = [];
  const sink = {
    texts,
    hasEnded: false,
    onEnd: () => {},
    write: (text: string) => void texts.push(text),
    end: () => {
      sink.hasEnded = true;
      sink.onEnd();
    },
  };
  return sink;
}

function open(streams = new ResumableStreams(), { isPrimed = false, owner = "s" } = {}) {
  const sink = createSink();
  const onAbandoned = vi.fn();
  const stream = streams.open(sink, { owner, isPrimed, onAbandoned });
  return { streams, sink, stream, onAbandoned };
}

const dataOf = (texts: readonly string[]) =>
  texts.map((text) => /^data: (.*)$/m.exec(text)?.[1] ?? "");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("2025-11-25/basic/transports#resumability-and-redelivery", () => {
  it("begins with an event without data, and a pause for reconnecting", () => {
    const { sink, stream } = open(new ResumableStreams(), { isPrimed: true });
    expect(sink.texts).toEqual([`id: ${stream.id}.0\nretry: 1000\ndata: \n\n`]);
  });

  it("the ids of events MUST be unique in the session", () => {
    const streams = new ResumableStreams();
    const [one, two] = [open(streams), open(streams)];
    for (const { stream } of [one, two, one]) void stream.send("1");
    const ids = [...one.sink.texts, ...two.sink.texts].map((text) => text.split("\n")[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    [0, ["1", "2", "3"]],
    [2, ["3"]],
    [3, []],
  ])("sends the events after number %i again", (after, expected) => {
    const { streams, sink, stream } = open();
    for (const json of ["1", "2"]) void stream.send(json);
    stream.detach(sink, false);
    void stream.send("3");
    const again = createSink();
    const found = streams.find(`${stream.id}.${after}`, "s");
    expect(found?.stream).toBe(stream);
    stream.attach(again, after);
    expect(dataOf(again.texts)).toEqual(expected);
  });

  it("MUST NOT send the events to another session", () => {
    const { streams, stream } = open();
    expect(streams.find(`${stream.id}.0`, "other")).toBeUndefined();
  });

  it.each(["", ".0", "x", "__proto__.0", `${"A".repeat(16)}.0`])("does not find %j", (id) => {
    expect(open().streams.find(id, "s")).toBeUndefined();
  });

  it("does not find an event that was not sent", () => {
    const { streams, stream } = open();
    expect(streams.find(`${stream.id}.1`, "s")).toBeUndefined();
  });

  it("ends the response at once when the request has ended meanwhile", () => {
    const { streams, sink, stream } = open();
    stream.detach(sink, false);
    void stream.send("1");
    stream.end();
    const again = createSink();
    stream.attach(again, 0);
    expect([dataOf(again.texts), again.hasEnded]).toEqual([["1"], true]);
    stream.detach(again, true);
    expect(streams.find(`${stream.id}.0`, "s")).toBeUndefined();
  });
});

describe("a request without a reader", () => {
  it("goes on for 30 seconds, then is aborted", () => {
    const { sink, stream, onAbandoned, streams } = open();
    stream.detach(sink, false);
    vi.advanceTimersByTime(29_999);
    expect(onAbandoned).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onAbandoned).toHaveBeenCalledTimes(1);
    expect(streams.find(`${stream.id}.0`, "s")).toBeUndefined();
  });

  it("goes on for as long as it wants with a reader that has returned", () => {
    const { sink, stream, onAbandoned } = open();
    stream.detach(sink, false);
    stream.attach(createSink(), 0);
    vi.advanceTimersByTime(60_000);
    expect(onAbandoned).not.toHaveBeenCalled();
  });

  it("goes on with a second reader, though the first one ends within the change", () => {
    const { sink, stream, onAbandoned } = open();
    sink.onEnd = () => stream.detach(sink, true);
    stream.attach(createSink(), 0);
    vi.advanceTimersByTime(60_000);
    expect([sink.hasEnded, onAbandoned.mock.calls]).toEqual([true, []]);
  });

  it("is one of at most 1000, of which the one without a reader for longest is aborted", () => {
    const streams = new ResumableStreams();
    const all = Array.from({ length: 1002 }, () => open(streams));
    for (const { stream, sink } of all) stream.detach(sink, false);
    expect(all.map(({ onAbandoned }) => onAbandoned.mock.calls.length).slice(0, 3)).toEqual([
      1, 1, 0,
    ]);
    all[2]?.stream.attach(createSink(), 0);
    const [next] = [open(streams)];
    next.stream.detach(next.sink, false);
    expect(all[3]?.onAbandoned).not.toHaveBeenCalled();
  });
});

describe("the kept events", () => {
  it("are at most 256 of a stream", () => {
    const { streams, stream } = open();
    for (let index = 0; index < 300; index += 1) void stream.send("1");
    expect(streams.find(`${stream.id}.43`, "s")).toBeUndefined();
    expect(streams.find(`${stream.id}.44`, "s")).toBeDefined();
  });

  it("have at most 4,194,304 characters of a stream", () => {
    const { streams, stream } = open();
    for (let index = 0; index < 6; index += 1) void stream.send("x".repeat(1_000_000));
    expect(streams.find(`${stream.id}.1`, "s")).toBeUndefined();
    expect(streams.find(`${stream.id}.2`, "s")).toBeDefined();
  });

  it("have at most 33,554,432 characters of all streams, which later ones get again", () => {
    const streams = new ResumableStreams();
    const fill = () => {
      const opened = open(streams);
      for (let index = 0; index < 4; index += 1) void opened.stream.send("x".repeat(1_000_000));
      return opened;
    };
    const full = Array.from({ length: 8 }, fill);
    const late = fill();
    expect(streams.find(`${late.stream.id}.0`, "s")).toBeUndefined();
    for (const { stream, sink } of full) {
      stream.end();
      stream.detach(sink, true);
    }
    expect(streams.find(`${fill().stream.id}.0`, "s")).toBeDefined();
  });
});
