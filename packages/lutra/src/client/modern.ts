/**
 * `lutra/client/modern`: a client for servers of the current revision only, without code for earlier
 * ones. For browsers and edge platforms where the size of a bundle matters.
 */
import { createHttpTransport } from "../transport/http/client-fetch.ts";
import { type CreateClient, clientFactory } from "./create-client.ts";
import { connectBy } from "./target.ts";

export const createClient: CreateClient = clientFactory(connectBy({ createHttpTransport }));

export { isProtocolError, ProtocolError } from "../protocol/errors.ts";
export { isTransportError, TransportError } from "../protocol/transport-error.ts";
export { createHttpTransport } from "../transport/http/client-fetch.ts";
export type { Client, ClientOf } from "./client-types.ts";
export type { CreateClient } from "./create-client.ts";
export { isInputRequired } from "./input-required.ts";
export type { ClientOptions } from "./options.ts";
export type { ServeTarget, Target } from "./target.ts";
