import { createCipheriv, createHash } from 'node:crypto';
import CFB from 'cfb';

const ROUNDS = 50_000;
/** Replaces the standard's random salt, so that each run gives the same bytes. */
const SALT = Buffer.from('0123456789abcdef');
const VERIFIER = Buffer.from('fedcba9876543210');
const PROVIDER = 'Microsoft Enhanced RSA and AES Cryptographic Provider\0';

/** Encrypts an Office file: ECMA-376 standard encryption, AES-128 (MS-OFFCRYPTO 2.3.4). */
export function encrypted(file: Uint8Array, password: string): Buffer {
  const key = keyOf(password);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(file.length));
  const container = CFB.utils.cfb_new();
  CFB.utils.cfb_add(container, '/EncryptionInfo', encryptionInfo(key));
  CFB.utils.cfb_add(container, '/EncryptedPackage', Buffer.concat([size, aes(key, file)]));
  return CFB.write(container, { type: 'buffer' }) as Buffer;
}

const sha1 = (...parts: Uint8Array[]) => createHash('sha1').update(Buffer.concat(parts)).digest();

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

function keyOf(password: string): Buffer {
  let hash = sha1(SALT, Buffer.from(password, 'utf16le'));
  for (let round = 0; round < ROUNDS; round++) hash = sha1(numbers(round), hash);
  hash = sha1(hash, numbers(0));
  const inner = Buffer.alloc(64, 0x36);
  for (const [index, byte] of hash.entries()) inner[index] = 0x36 ^ byte;
  return sha1(inner).subarray(0, 16);
}

/** Encrypts each block by itself, the last one padded with zeros. */
function aes(key: Buffer, content: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  const filled = Buffer.concat([content, Buffer.alloc((16 - (content.length % 16)) % 16)]);
  return Buffer.concat([cipher.update(filled), cipher.final()]);
}

function encryptionInfo(key: Buffer): Buffer {
  const provider = Buffer.from(PROVIDER, 'utf16le');
  // CryptoAPI with AES, of 128 bits, with SHA-1.
  const header = Buffer.concat([numbers(0x24, 0, 0x660e, 0x8004, 128, 0x18, 0, 0), provider]);
  const version = Buffer.from([4, 0, 2, 0]);
  return Buffer.concat([
    version,
    numbers(0x24, header.length),
    header,
    numbers(SALT.length),
    SALT,
    aes(key, VERIFIER),
    numbers(20),
    aes(key, sha1(VERIFIER)),
  ]);
}
