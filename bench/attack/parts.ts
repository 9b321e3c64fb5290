/** The parts of the attack on server and client, in the order of the page. */
import { chunks } from "./chunks.ts";
import { faults } from "./faults.ts";
import { heap } from "./heap.ts";
import { messages } from "./messages.ts";
import type { Part } from "./part.ts";
import { schemas } from "./schemas.ts";

export const parts: readonly Part[] = [chunks, messages, faults, heap, schemas];
