import { createRequire } from "node:module";

/** The version of this package. All packages of Lutra have one version. */
export const version: string = createRequire(import.meta.url)("../package.json").version;
