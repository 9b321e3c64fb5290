/** The schema of further endpoints: each has a host or path, routes and callers of its own. */
import { z } from "zod";
import { auth } from "./schema-auth.ts";
import { endpointPath } from "./schema-listen.ts";
import { route } from "./schema-routes.ts";
import { name } from "./schema-values.ts";

const hostName = z
  .string()
  .regex(
    /^(?:[\w-]+(?:\.[\w-]+)*|\[[\da-f:.]+\])$/i,
    "expected a host name or address without a port, such as partners.example.com",
  );

const endpoint = z
  .strictObject({
    host: z
      .union([hostName, z.array(hostName).min(1)])
      .optional()
      .describe(
        "The name in the Host header, without a port, or several names. By default, every name that no endpoint lists",
      ),
    path: endpointPath.optional().describe("The path. By default, `listen.path`"),
    auth: z
      .union([z.literal(false), auth])
      .optional()
      .describe(
        "Who may call this endpoint. By default, `auth` of the gateway; false verifies no credentials",
      ),
    routes: z.array(route).min(1).describe("The routes of this endpoint"),
  })
  .describe("An endpoint");

export const endpoints = z
  .record(name, endpoint)
  .describe(
    "Further endpoints, by name, at the same listeners: each with a host, a path, or both, and with routes and callers of its own. `routes` are then those of the endpoint at `listen.path` for all other hosts; without `routes`, there is no such endpoint",
  );
