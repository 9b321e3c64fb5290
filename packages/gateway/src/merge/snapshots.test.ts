import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import type { CollectedList } from "./collect.ts";
import { Snapshots } from "./snapshots.ts";

const collection = (
  length: number,
  cacheScope: "public" | "private" = "public",
  description = "",
): CollectedList => ({
  entries: Array.from({ length }, (_, index) => ({
    upstream: "a",
    key: `${index}`,
    shown: { description },
  })),
  hints: { ttlMs: 1, cacheScope },
  missing: [],
  stale: [],
});

describe("snapshots", () => {
  it("keeps a snapshot for a minute", () => {
    const clock = createManualClock();
    const snapshots = new Snapshots(clock.now);
    const { id } = snapshots.take(collection(3), "ada", 2);
    clock.advance(59_999);
    expect(snapshots.get(id, "bob")?.entries).toHaveLength(3);
    clock.advance(1);
    expect(snapshots.get(id, "bob")).toBeUndefined();
  });

  it("returns the snapshot of a private list only to its caller", () => {
    const snapshots = new Snapshots(Date.now);
    const { id } = snapshots.take(collection(3, "private"), "ada", 2);
    expect(snapshots.get(id, "bob")).toBeUndefined();
    expect(snapshots.get(id, "ada")?.id).toBe(id);
  });

  it("does not keep the snapshot of a single page", () => {
    const snapshots = new Snapshots(Date.now);
    const { id } = snapshots.take(collection(2), "ada", 2);
    expect(snapshots.get(id, "ada")).toBeUndefined();
  });

  it("drops the oldest snapshots beyond the limits of number and size", () => {
    const snapshots = new Snapshots(Date.now);
    const ids = Array.from({ length: 65 }, () => snapshots.take(collection(2), "ada", 1).id);
    const kept = ids.map((id) => snapshots.get(id, "ada") !== undefined);
    expect(kept.indexOf(true)).toBe(1);
    expect(kept.filter(Boolean)).toHaveLength(64);
    const half = "x".repeat(33_554_324);
    const large = snapshots.take(collection(2, "public", half), "ada", 1).id;
    expect(ids.some((id) => snapshots.get(id, "ada") !== undefined)).toBe(false);
    expect(snapshots.get(large, "ada")).toBeDefined();
    const huge = snapshots.take(collection(3, "public", half), "ada", 1).id;
    expect(snapshots.get(huge, "ada")).toBeUndefined();
    snapshots.clear();
    expect(snapshots.get(large, "ada")).toBeUndefined();
  });
});
