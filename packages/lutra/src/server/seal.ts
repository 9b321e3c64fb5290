/**
 * Seals for data that travels through clients: request state and cursors. AES-256-GCM with a ring of
 * keys: the first one seals, all of them open. Uses WebCrypto only, so it runs on every platform.
 *
 * A seal is `<key id>.<Base64url>`; the bytes are the format, the IV and the ciphertext with its tag.
 * See docs/decisions/0011-seal-format.md.
 *
 * @spec basic/patterns/mrtr#server-requirements-basic-workflow
 */

/** One key of a ring. */
export interface SealKey {
  /** Name of the key, which is part of every seal: letters, digits, `_` and `-`. */
  readonly id: string;
  /** 32 random bytes, or their Base64. Use different bytes for every id. */
  readonly secret: string | Uint8Array;
}

export interface Sealer {
  /** Encrypts `value` as JSON. Opening it requires the same `binding`, which is not sent. */
  readonly seal: (value: unknown, binding: string) => Promise<string>;
  /**
   * Returns the sealed value, or undefined for a seal that is altered, of an unknown key or format,
   * or bound to something else.
   */
  readonly open: (sealed: string, binding: string) => Promise<unknown>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const keyBytes = 32;
/** The first byte of a seal. A change of the layout or of the algorithm gets a new number. */
const format = 1;
const ivStart = 1;
/** Maximum length of a seal that is decoded, in characters. */
export const maxSealLength = 1_048_576;
const dataStart = ivStart + 12;

/**
 * Creates a sealer with a ring of keys.
 *
 * @throws {TypeError} for an empty ring, a secret of the wrong length or an id that is used twice
 */
export function createSealer(keys: readonly SealKey[]): Sealer {
  const [first] = keys;
  if (first === undefined) throw new TypeError("keys: expected at least one key");
  const ring = new Map<string, () => Promise<CryptoKey>>();
  for (const key of keys) {
    if (!/^[A-Za-z0-9_-]{1,32}$/.test(key.id)) {
      throw new TypeError(`keys: id "${key.id}": expected 1 to 32 letters, digits, _ or -`);
    }
    if (ring.has(key.id)) throw new TypeError(`keys: the id "${key.id}" is used twice`);
    ring.set(key.id, lazyKey(key));
  }
  const firstKey = ring.get(first.id) as () => Promise<CryptoKey>;

  return {
    seal: async (value, binding) => {
      const iv = crypto.getRandomValues(new Uint8Array(dataStart - ivStart));
      const plain = encoder.encode(JSON.stringify(value));
      const data = await crypto.subtle.encrypt(algorithm(iv, binding), await firstKey(), plain);
      const bytes = new Uint8Array(dataStart + data.byteLength);
      bytes[0] = format;
      bytes.set(iv, ivStart);
      bytes.set(new Uint8Array(data), dataStart);
      return `${first.id}.${toBase64Url(bytes)}`;
    },
    open: async (sealed, binding) => {
      if (sealed.length > maxSealLength) return undefined;
      const dot = sealed.indexOf(".");
      const key = ring.get(sealed.slice(0, Math.max(dot, 0)));
      if (key === undefined) return undefined;
      const bytes = fromBase64Url(sealed.slice(dot + 1));
      if (bytes?.[0] !== format || bytes.length <= dataStart) return undefined;
      const iv = bytes.subarray(ivStart, dataStart);
      try {
        const data = bytes.subarray(dataStart);
        const plain = await crypto.subtle.decrypt(algorithm(iv, binding), await key(), data);
        return JSON.parse(decoder.decode(plain));
      } catch {
        return undefined;
      }
    },
  };
}

/** Creates a ring with one random key, for a server that runs as a single process. */
export function randomKeys(): readonly SealKey[] {
  return [{ id: "local", secret: crypto.getRandomValues(new Uint8Array(keyBytes)) }];
}

/** Also authenticates the format, so that no seal is opened by the rules of another format. */
function algorithm(iv: Uint8Array<ArrayBuffer>, binding: string): AesGcmParams {
  return { name: "AES-GCM", iv, additionalData: encoder.encode(`${format}\n${binding}`) };
}

function lazyKey({ id, secret }: SealKey): () => Promise<CryptoKey> {
  const bytes = typeof secret === "string" ? fromBase64(secret) : Uint8Array.from(secret);
  if (bytes?.length !== keyBytes) {
    throw new TypeError(
      `keys: "${id}" must be ${keyBytes} bytes or their Base64, got ${bytes?.length ?? "other text"}; ` +
        "create one with: openssl rand -base64 32",
    );
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

/** Decodes the canonical encoding only, so that an altered seal never opens. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]*$/.test(text)) return undefined;
  const bytes = fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  if (bytes === undefined) return undefined;
  // Only the last character can have bits that belong to no byte.
  const tail = bytes.subarray(bytes.length - (bytes.length % 3));
  return text.endsWith(toBase64Url(tail)) ? bytes : undefined;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
    return bytes;
  } catch {
    return undefined;
  }
}
