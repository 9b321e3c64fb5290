/** `@lutra/stores`: opens stores by URL. Each engine has a subpath of its own, too. */
export type { Bus, OpenOptions, Store } from "./open-store.ts";
export { openBus, openShared, openStore } from "./open-store.ts";
