import { expect, it, vi } from "vitest";
import { abortsOf, copyContext } from "../protocol/request-aborts.ts";
import { CallContext, Cancellation } from "./call-context.ts";

const key = Symbol("a member of a gateway");

/** Creates a context, and counts how often something begins to wait for its abort. */
function create() {
  const onWait = vi.fn();
  const cancellation = new Cancellation({ onWait });
  const source = { principal: { id: "ada" }, address: "192.0.2.1", members: { [key]: 7 } };
  const notify = () => {};
  return { context: new CallContext(source, { notify, cancellation }), cancellation, onWait };
}

it("a copy has all members, also those that were added later, and the replaced ones", () => {
  const { context } = create();
  const header = () => "en";
  const added = Symbol("added");
  const meta = { protocolVersion: "2026-07-28", capabilities: {} };
  Object.assign(context, { [added]: 8, meta });
  const copy = copyContext(context, { header });
  expect(copy).toMatchObject({
    ...{ principal: { id: "ada" }, address: "192.0.2.1", notify: context.notify },
    ...{ meta, header, [key]: 7, [added]: 8 },
  });
  expect(context).not.toHaveProperty("header");
});

it("copying a context and listening for its abort creates no signal", () => {
  const { context, onWait } = create();
  const created = vi.spyOn(globalThis, "AbortController");
  const listener = vi.fn();
  const copy = copyContext(context, {});
  const aborts = abortsOf(copy);
  expect(aborts.isAborted).toBe(false);
  expect(onWait).not.toHaveBeenCalled();
  aborts.onAbort(listener);
  aborts.offAbort(listener);
  expect(created).not.toHaveBeenCalled();
  expect(onWait).toHaveBeenCalledTimes(1);
  created.mockRestore();
});

it("an abort reaches the listeners and the signals of a context and of its copies", () => {
  const { context, cancellation } = create();
  const copy = copyContext(context, {});
  const [first, second, removed] = [vi.fn(), vi.fn(), vi.fn()];
  abortsOf(context).onAbort(first);
  abortsOf(copy).onAbort(second);
  abortsOf(copy).onAbort(removed);
  abortsOf(copy).offAbort(removed);
  const { signal } = copy;
  cancellation.abort("gone");
  cancellation.abort("again");
  expect([first, second, removed].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
  expect([signal.aborted, signal.reason]).toEqual([true, "gone"]);
  expect([context.signal.aborted, context.signal.reason]).toEqual([true, "gone"]);
  expect(abortsOf(copy).isAborted).toBe(true);
});

it("a listener may remove another one while an abort is reported", () => {
  const { context, cancellation } = create();
  const aborts = abortsOf(context);
  const second = vi.fn();
  aborts.onAbort(() => aborts.offAbort(second));
  aborts.onAbort(second);
  cancellation.abort();
  expect(second).toHaveBeenCalledTimes(1);
});

it("other contexts are copied with their signal, which reports the abort", () => {
  const controller = new AbortController();
  const context = { signal: controller.signal, notify: () => {} };
  const copy = copyContext({ ...create().context, ...context }, { address: "192.0.2.2" });
  const listener = vi.fn();
  const aborts = abortsOf(copy);
  aborts.onAbort(listener);
  expect([copy.address, aborts.isAborted]).toEqual(["192.0.2.2", false]);
  controller.abort();
  expect([aborts.isAborted, listener.mock.calls.length]).toEqual([true, 1]);
  aborts.offAbort(listener);
});
