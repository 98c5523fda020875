import { LARGEST_READ_BYTES } from '../../src/contract/messages.ts';
import type { Random } from '../chaos/random.ts';

const OPCODES = { continuation: 0, text: 1, ping: 9 };
const FINAL = 0x80;
const MASKED = 0x80;

/** Makes a frame with an empty mask. @param first its first byte */
function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = MASKED | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** Divides a text into frames, with pings between them. */
export function fragments(text: string, random: Random): Buffer {
  const bytes = Buffer.from(text);
  const cuts = [
    0,
    ...Array.from({ length: random.int(1, 5) }, () => random.int(0, bytes.length)),
    bytes.length,
  ];
  cuts.sort((a, b) => a - b);
  const frames: Buffer[] = [];
  for (let i = 1; i < cuts.length; i++) {
    const isLast = i === cuts.length - 1;
    const opcode = i === 1 ? OPCODES.text : OPCODES.continuation;
    frames.push(frame((isLast ? FINAL : 0) | opcode, bytes.subarray(cuts[i - 1], cuts[i])));
    if (!isLast && random.chance(0.5))
      frames.push(frame(FINAL | OPCODES.ping, Buffer.alloc(random.int(0, 125))));
  }
  return Buffer.concat(frames);
}

/** Bytes that no session outlives. */
export const LAST_BYTES: Record<string, (random: Random) => Buffer> = {
  'half a character': () => frame(FINAL | OPCODES.text, Buffer.from([0xc3, 0x28])),
  'a reserved bit': (random) =>
    frame(FINAL | OPCODES.text | random.pick([0x10, 0x20, 0x40]), Buffer.from('{}')),
  'a reserved opcode': (random) => frame(FINAL | random.pick([3, 7, 11, 15]), Buffer.from('{}')),
  'a continuation of nothing': () => frame(FINAL | OPCODES.continuation, Buffer.from('{}')),
  'two beginnings': () =>
    Buffer.concat([frame(OPCODES.text, Buffer.from('{')), frame(FINAL | OPCODES.text, Buffer.from('}'))]),
  'a ping in fragments': () => frame(OPCODES.ping, Buffer.from('x')),
  'a frame without a mask': () => Buffer.from([FINAL | OPCODES.text, 2, 0x7b, 0x7d]),
  'a length beyond the limit': () => {
    const bytes = frame(FINAL | OPCODES.text, Buffer.alloc(65_536)).subarray(0, 14);
    bytes.writeBigUInt64BE(2n ** 53n - 1n, 2);
    return bytes;
  },
  'a message beyond the limit': () => frame(FINAL | OPCODES.text, Buffer.alloc(LARGEST_READ_BYTES + 1, 0x20)),
  noise: (random) =>
    Buffer.concat([Buffer.from([0xff]), Buffer.from(Array.from({ length: 500 }, () => random.int(0, 255)))]),
};
