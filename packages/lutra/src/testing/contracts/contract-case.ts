/** The cases of which contracts of stores consist. Any test runner can run them. */

/** One rule of a contract. `run` rejects when it is violated. */
export interface ContractCase {
  /** A sentence about the store. */
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Fails a case unless the condition holds. */
export function expectThat(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`broken: ${promise}`);
}

/** Compares JSON values, without regard to the order of members. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, shouldBe] = [canonical(actual), canonical(expected)];
  if (is !== shouldBe) throw new Error(`${what}: expected ${shouldBe}, got ${is}`);
}

/** Fails a case unless `promise` rejects. */
export async function expectRejection(promise: Promise<unknown>, what: string): Promise<void> {
  const isRejected = await promise.then(
    () => false,
    () => true,
  );
  expectThat(isRejected, `${what} rejects`);
}

/** Returns a new id, so that cases may share one database. */
export function freshId(): string {
  return crypto.randomUUID();
}

/** A promise with its `resolve` function. */
export interface Settled<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function settled<T = void>(): Settled<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((resolvePromise) => {
    resolve = resolvePromise;
  });
  return { promise, resolve };
}

function canonical(value: unknown): string {
  const sorted = JSON.stringify(value, (_key, member) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
  return sorted ?? "undefined";
}
