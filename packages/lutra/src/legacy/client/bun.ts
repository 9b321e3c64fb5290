/** Speaks to servers of the legacy revisions on Bun. Loaded with the first such server. */
export { createHttpEras } from "./http-eras.ts";
export { createLegacyProcessClient } from "./stdio.ts";
