/** Speaks to servers of the legacy revisions. Loaded by the clients, with the first such server. */
export { createHttpEras } from "./http-eras.ts";
