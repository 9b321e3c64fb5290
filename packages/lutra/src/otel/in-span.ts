/** Runs work within a span of its own. */
import {
  type Attributes,
  type Context,
  context as contexts,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { recordError } from "./request-span.ts";

export interface InternalSpan {
  readonly name: string;
  readonly attributes: Attributes;
  readonly parent: Context;
}

/** Runs work within a span, which ends with it. */
export async function inSpan<T>(
  tracer: Tracer,
  { name, attributes, parent }: InternalSpan,
  run: () => T | Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, { attributes }, parent);
  try {
    return await contexts.with(trace.setSpan(parent, span), run);
  } catch (thrown) {
    recordError(span, thrown);
    throw thrown;
  } finally {
    span.end();
  }
}
