import { expect, it } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import { type PooledSession, type SessionOwner, SessionPool } from "./session-pool.ts";

interface Named {
  readonly name: string;
  readonly close: () => Promise<void>;
}

const inputWaitMs = 200_000;

function poolOf(settings: { max?: number; maxPerCaller?: number; idleMs?: number } = {}) {
  const clock = createManualTime();
  const closed: string[] = [];
  const limits = { max: 2, maxPerCaller: 2, idleMs: 60_000, inputWaitMs };
  const options = { name: "old", ...limits, ...settings, clock };
  const pool = new SessionPool<Named>(options);
  const enter = (caller: string, variant = "", isGateway = false): PooledSession<Named> => {
    const owner: SessionOwner = { caller, variant, isGateway };
    const name = `${caller}${variant}`;
    const close = async () => void closed.push(name);
    return pool.enter(owner, () => ({ name, close }));
  };
  return { pool, clock, closed, enter };
}

/** Begins a call in a session. Returns the function that ends it. */
function begin(session: PooledSession<Named>): () => Promise<void> {
  let end = () => {};
  const call = session.use(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  return () => {
    end();
    return call;
  };
}

it("gives each caller, and each variant, a session of its own", () => {
  const { enter } = poolOf({ max: 10 });
  const first = enter("ana");
  expect(enter("ana")).toBe(first);
  expect(enter("ana", "+")).not.toBe(first);
  expect(enter("bob")).not.toBe(first);
});

it("ends the session that was unused for the longest time to make room", async () => {
  const { enter, closed, clock } = poolOf();
  const ana = enter("ana");
  clock.advance(1);
  enter("bob");
  clock.advance(1);
  await begin(ana)();
  enter("cid");
  expect(closed).toEqual(["bob"]);
});

it("refuses a caller while all sessions are in use, and does not count that of the gateway", async () => {
  const { enter, closed } = poolOf();
  const ends = [enter("ana"), enter("bob"), enter("gateway", "", true)].map(begin);
  expect(() => enter("cid")).toThrow("All sessions with the upstream are in use");
  expect(closed).toEqual([]);
  await ends[0]?.();
  enter("cid");
  expect(closed).toEqual(["ana"]);
});

it("bounds the sessions of one caller", () => {
  const { enter, closed } = poolOf({ max: 10 });
  begin(enter("ana", "1"));
  enter("ana", "2");
  begin(enter("ana", "3"));
  expect(closed).toEqual(["ana2"]);
  expect(() => enter("ana", "4")).toThrow("The caller uses 2 sessions with the upstream");
  enter("bob");
  expect(closed).toEqual(["ana2"]);
});

it("ends unused sessions after a time, and none with a call in progress or parked", async () => {
  const { enter, closed, clock, pool } = poolOf({ max: 10 });
  enter("idle");
  const end = begin(enter("busy"));
  const parked = enter("parked");
  parked.park("state");
  clock.advance(120_000);
  expect(closed).toEqual(["idle"]);
  await end();
  expect(parked.take("state")).toBe(true);
  expect(parked.take("state")).toBe(false);
  clock.advance(120_000);
  expect(closed.sort()).toEqual(["busy", "idle", "parked"]);
  expect(pool.size).toBe(0);
  expect(clock.waiting()).toBe(0);
});

it("no longer counts a parked call once its session has given it up", () => {
  const { enter, closed, clock } = poolOf();
  enter("parked").park("state");
  clock.advance(inputWaitMs + 60_000);
  expect(closed).toEqual(["parked"]);
});

it("ends a retired session with its last call, and gives it no other", async () => {
  const { enter, closed, clock, pool } = poolOf();
  const session = enter("ana");
  const end = begin(session);
  pool.retire(session);
  expect(enter("ana")).not.toBe(session);
  expect(pool.byId(session.id)).toBe(session);
  await end();
  clock.advance(30_000);
  expect(closed).toEqual(["ana"]);
});

it("ends all sessions when it closes", async () => {
  const { enter, closed, pool, clock } = poolOf();
  begin(enter("ana"));
  enter("bob");
  await pool.close();
  expect(closed).toEqual(["ana", "bob"]);
  expect(clock.waiting()).toBe(0);
});
