import assert from "node:assert/strict";
import { isProtocolError } from "../../../packages/lutra/src/protocol/errors.ts";
import {
  decodeHeaderValue,
  encodeHeaderValue,
  requireEncodedHeader,
} from "../../../packages/lutra/src/protocol/http-headers.ts";
import { orRefused, type Target, textOf, wellFormed } from "../target.ts";

export const headerValue: Target = {
  kind: "json",
  name: "header-value",
  title: "values of headers: any text has a valid encoding, which decodes to it",
  dictionary: ["=?base64?", "?=", "=?base64?YQ==?=", "\t", " ", "\r\n"],
  check: (input) => {
    const text = textOf(input);
    const encoded = encodeHeaderValue(text);
    assert.match(encoded, /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/);
    assert.equal(decodeHeaderValue(encoded, "X"), wellFormed(text));
    assert.equal(new Headers({ x: encoded }).get("x"), encoded);
    requireEncodedHeader(` ${encoded}\t`, "X", wellFormed(text));
    const isMismatch = (thrown: unknown) =>
      isProtocolError(thrown) && thrown.reason === "headerMismatch";
    const decoded = orRefused(() => decodeHeaderValue(text, "X"), isMismatch);
    if (decoded !== undefined) assert.ok(decoded === wellFormed(decoded));
  },
};
