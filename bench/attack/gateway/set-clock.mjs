/**
 * Loaded before a gateway: each SIGUSR2 sets the time of day by the next of these steps, in
 * milliseconds. Clocks that are never set, such as `performance.now()`, go on.
 */
const day = 86_400_000;
const steps = [-2 * 3_600_000, -400 * day, 400 * day];
const RealDate = Date;
const realNow = Date.now;
let shift = 0;

Date.now = () => realNow() + shift;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
  apply: () => new RealDate(Date.now()).toString(),
});

process.on("SIGUSR2", () => {
  shift = steps.shift() ?? 0;
  console.error(`clock ${shift}`);
});
