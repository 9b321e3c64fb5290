import { describe, expect, it, vi } from "vitest";
import { ReplicaEra } from "./replica-era.ts";

function create(isFixed = false) {
  const onChange = vi.fn();
  return { era: new ReplicaEra(isFixed, onChange), onChange };
}

describe("the era of a replica", () => {
  it("is that of a check that was answered in the current revision", () => {
    const { era, onChange } = create();
    era.checked("modern");
    era.checked("modern");
    expect([era.current, era.speaks]).toEqual(["modern", "2026-07-28"]);
    expect(onChange).toHaveBeenCalledOnce();
  });

  it("is not known from a check that shows neither, or an earlier revision", () => {
    const { era } = create();
    era.checked("unclear");
    era.checked("earlier");
    expect(era.current).toBeUndefined();
  });

  it("is determined again when a check contradicts it", () => {
    const { era } = create();
    era.checked("modern");
    era.checked("unclear");
    expect(era.current).toBe("modern");
    era.checked("earlier");
    expect(era.current).toBeUndefined();
    era.set("", { era: "legacy" });
    era.checked("earlier");
    expect(era.current).toBe("legacy");
    era.checked("modern");
    expect(era.current).toBe("modern");
  });

  it("has the version of the session", () => {
    const { era, onChange } = create();
    era.set("", { era: "legacy", transport: "sse" });
    expect([era.get()?.transport, era.speaks]).toEqual(["sse", undefined]);
    era.opened("2024-11-05");
    era.opened("2024-11-05");
    expect(era.speaks).toBe("2024-11-05");
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it("does not change where the configuration names it", () => {
    const { era } = create(true);
    era.checked("modern");
    era.set("", { era: "modern" });
    era.delete();
    expect(era.current).toBe("legacy");
  });

  it("is found once for all requests that wait for it", async () => {
    const { era } = create();
    const find = vi.fn(async () => era.set("", { era: "legacy" }));
    await Promise.all([era.find(find), era.find(find), era.find(find)]);
    await era.find(find);
    expect(find).toHaveBeenCalledOnce();
  });

  it("is looked for again after a failure, by the next request", async () => {
    const { era } = create();
    const fail = vi.fn(async () => {
      throw new Error("no answer");
    });
    await Promise.all([era.find(fail), era.find(fail)]);
    expect(fail).toHaveBeenCalledTimes(2);
    await era.find(async () => era.set("", { era: "modern" }));
    expect(era.current).toBe("modern");
  });
});
