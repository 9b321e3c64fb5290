/** `lutra/middleware`: what wraps a `Serve`, on servers and clients alike. */
export { compose } from "../protocol/exchange.ts";
export { deadline } from "./deadline.ts";
