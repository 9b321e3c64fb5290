import assert from "node:assert/strict";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  readId,
} from "../../../packages/lutra/src/protocol/json-rpc.ts";
import {
  isExtensionId,
  isMetaKey,
  isReservedMetaKey,
  metaKeys,
  parseRequestMeta,
} from "../../../packages/lutra/src/protocol/meta.ts";
import { modernVersions } from "../../../packages/lutra/src/protocol/versioning.ts";
import { orRefused, type Target } from "../target.ts";

export const meta: Target = {
  kind: "json",
  name: "meta",
  title: "messages and _meta: parsed, or refused with a protocol error that can be encoded",
  dictionary: [
    ...Object.values(metaKeys),
    "2026-07-28",
    "2025-11-25",
    "params",
    "_meta",
    "id",
    "method",
  ],
  check: (input) => {
    let error: unknown;
    const isExpected = (thrown: unknown) => {
      error = thrown;
      return isProtocolError(thrown);
    };
    const message = orRefused(() => parseMessage(input), isExpected);
    const id = readId(input);
    if (message !== undefined && isRequest(message)) assert.equal(message.id, id);
    const fields =
      message && orRefused(() => parseRequestMeta(message.params, modernVersions), isExpected);
    if (fields !== undefined) assert.equal(typeof fields.version, "string");
    if (isProtocolError(error)) {
      const wire = JSON.parse(encodeError(id, error)) as { error: { code: unknown } };
      assert.ok(Number.isInteger(wire.error.code));
      assert.ok(error.message.length < 20_000);
    }
    for (const key of isObject(input) ? Object.keys(input) : []) {
      if (isExtensionId(key)) assert.ok(isMetaKey(key));
      if (isReservedMetaKey(key)) assert.match(key, /\//);
    }
  },
};
