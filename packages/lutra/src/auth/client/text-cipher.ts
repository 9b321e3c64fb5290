/** The encryption of text with a ring of keys, by WebCrypto. */
import { requireArray } from "../../protocol/known-members.ts";

const keyBytes = 32;
const ivBytes = 12;

/** Encrypts text, and binds it to a name. */
export interface TextCipher {
  readonly encrypt: (text: string, name: string) => Promise<string>;
  /** Resolves to `undefined` for text that was encrypted with another key, or under another name. */
  readonly decrypt: (encrypted: string, name: string) => Promise<string | undefined>;
}

/**
 * Creates a cipher (AES-256-GCM). The first key encrypts, all of them decrypt.
 *
 * @throws {TypeError} without a key, and for one that is not 32 bytes in Base64
 */
export function createCipher(keys: readonly string[]): TextCipher {
  requireArray("keys", keys, "string");
  const ring = keys.map(bytesOf).map(importKey);
  const [first] = ring;
  if (first === undefined) throw new TypeError("keys: expected at least one key");
  return {
    encrypt: async (text, name) => {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const algorithm = { name: "AES-GCM", iv, additionalData: encoded(name) };
      const sealed = await crypto.subtle.encrypt(algorithm, await first(), encoded(text));
      return toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)]));
    },
    decrypt: async (encrypted, name) => {
      const bytes = fromBase64(encrypted);
      const iv = bytes.slice(0, ivBytes);
      const algorithm = { name: "AES-GCM", iv, additionalData: encoded(name) };
      for (const key of ring) {
        const text = await crypto.subtle
          .decrypt(algorithm, await key(), bytes.slice(ivBytes))
          .catch(() => undefined);
        if (text !== undefined) return new TextDecoder().decode(text);
      }
      return undefined;
    },
  };
}

/** Imports a key with its first use, since some platforms have no cryptography while a module loads. */
function importKey(bytes: Uint8Array<ArrayBuffer>): () => Promise<CryptoKey> {
  let imported: Promise<CryptoKey> | undefined;
  return () => {
    imported ??= crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return imported;
  };
}

function bytesOf(key: string, index: number): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(key);
  if (bytes.length === keyBytes) return bytes;
  throw new TypeError(
    `keys[${index}]: expected 32 bytes in Base64; create one with: openssl rand -base64 32`,
  );
}

function encoded(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Returns no bytes for text that is not Base64. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
