/**
 * The maturity of the specification of an extension: its text and wire format may change with any
 * release (`experimental`), may still change (`beta`), or change only compatibly (`stable`).
 */
export type ExtensionStage = "experimental" | "beta" | "stable";
