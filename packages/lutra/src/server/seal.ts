/**
 * Seals what travels through clients: request state and cursors. AES-256-GCM with a ring of keys;
 * the first key seals, all of them open. WebCrypto only, so it runs everywhere.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

/** One key of a ring. */
export interface SealKey {
  /** Names the key inside what it sealed: letters, digits, `_` and `-`. */
  readonly id: string;
  /** 32 random bytes, or their Base64. Never the same bytes under two ids. */
  readonly secret: string | Uint8Array;
}

export interface Sealer {
  /**
   * Encrypts `value` as JSON. It opens only with the same `binding`, which itself is not sent.
   */
  readonly seal: (value: unknown, binding: string) => Promise<string>;
  /** The sealed value, or `undefined` for anything tampered, foreign or bound elsewhere. */
  readonly open: (sealed: string, binding: string) => Promise<unknown>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keyBytes = 32;
const ivBytes = 12;

/**
 * Makes a sealer over a key ring.
 *
 * @throws {TypeError} for an empty ring, a key of the wrong length or an id used twice
 */
export function createSealer(keys: readonly SealKey[]): Sealer {
  const [first] = keys;
  if (first === undefined) throw new TypeError("keys: expected at least one key");
  const ring = new Map<string, () => Promise<CryptoKey>>();
  for (const key of keys) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(key.id)) {
      throw new TypeError("keys: an id has 1 to 32 letters, digits, _ or -");
    }
    if (ring.has(key.id)) throw new TypeError(`keys: the id ${key.id} is used twice`);
    ring.set(key.id, lazyKey(key));
  }
  const firstKey = ring.get(first.id) as () => Promise<CryptoKey>;

  return {
    seal: async (value, binding) => {
      const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
      const plain = encoder.encode(JSON.stringify(value));
      const sealed = await crypto.subtle.encrypt(algorithm(iv, binding), await firstKey(), plain);
      const bytes = new Uint8Array(ivBytes + sealed.byteLength);
      bytes.set(iv);
      bytes.set(new Uint8Array(sealed), ivBytes);
      return `${first.id}.${toBase64Url(bytes)}`;
    },
    open: async (sealed, binding) => {
      const dot = sealed.indexOf(".");
      const key = ring.get(sealed.slice(0, Math.max(dot, 0)));
      const bytes = fromBase64Url(sealed.slice(dot + 1));
      if (key === undefined || bytes === undefined || bytes.length <= ivBytes) return undefined;
      const iv = bytes.subarray(0, ivBytes);
      try {
        const data = bytes.subarray(ivBytes);
        const plain = await crypto.subtle.decrypt(algorithm(iv, binding), await key(), data);
        return JSON.parse(decoder.decode(plain));
      } catch {
        return undefined;
      }
    },
  };
}

/** A ring of one random key, for a server that runs as a single process. */
export function randomKeys(): readonly SealKey[] {
  return [{ id: "local", secret: crypto.getRandomValues(new Uint8Array(keyBytes)) }];
}

function algorithm(iv: Uint8Array<ArrayBuffer>, binding: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: encoder.encode(binding) };
}

function lazyKey({ id, secret }: SealKey): () => Promise<CryptoKey> {
  const bytes = typeof secret === "string" ? fromBase64(secret) : Uint8Array.from(secret);
  if (bytes?.length !== keyBytes) {
    throw new TypeError(`keys: ${id} has not 32 bytes; make one with: openssl rand -base64 32`);
  }
  let key: Promise<CryptoKey> | undefined;
  return () => {
    key ??= crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return key;
  };
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Decodes the one spelling that bytes have, so that a seal cannot be altered and still open. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  return bytes !== undefined && toBase64Url(bytes) === text ? bytes : undefined;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
