import { unzipSync, zipSync, type Zippable } from 'fflate';

import type { Random } from '../chaos/random.ts';

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** What parsers look for: in the wrong place, it leads them astray. */
const WORDS = [
  '<',
  '</',
  '<!--',
  '<![CDATA[',
  '<!DOCTYPE x [<!ENTITY e "&e;">]>',
  '&#x110000;',
  '\\u\\bin9999999999 ',
  '{\\*\\',
  ' obj <<',
  'endstream',
  '/Length 4294967295',
  '/Kids [1 0 R]',
  '/Filter [/FlateDecode /FlateDecode]',
  'xref\n0 99999999\n',
  'PK\x05\x06',
  'PK\x03\x04',
  '%PDF-1.7\n',
  '\n--',
  'Content-Type: multipart/mixed; boundary=',
  '"',
  '\u0000',
  '\ufeff',
  '\ud83d',
].map((word) => Buffer.from(word));
const NUMBERS = ['0', '-1', '1', '255', '65536', '2147483647', '4294967295', '99999999999999999999', '1e308'];

const at = (bytes: Buffer, random: Random) => random.int(0, bytes.length);
/** A stretch of the bytes, of any length: short ones as often as long ones. */
const stretch = (bytes: Buffer, random: Random): [from: number, to: number] => {
  const length = Math.floor(bytes.length ** random.next());
  const from = random.int(0, bytes.length - length);
  return [from, from + length];
};
const insert = (bytes: Buffer, offset: number, what: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, offset), what, bytes.subarray(offset)]);

const MUTATIONS: Mutation[] = [
  function flipBits(bytes, random) {
    const copy = Buffer.from(bytes);
    for (let count = Math.floor(200 ** random.next()); count > 0; count--) {
      const offset = random.int(0, copy.length - 1);
      copy[offset] = copy[offset]! ^ (1 << random.int(0, 7));
    }
    return copy;
  },
  function scramble(bytes, random) {
    const [from, to] = stretch(bytes, random);
    const noise = Buffer.from(Array.from({ length: Math.min(to - from, 4096) }, () => random.int(0, 255)));
    return Buffer.concat([bytes.subarray(0, from), noise, bytes.subarray(from + noise.length)]);
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, at(bytes, random));
  },
  function cutOut(bytes, random) {
    const [from, to] = stretch(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function repeat(bytes, random) {
    const [from, to] = stretch(bytes, random);
    const times = Math.min(random.int(1, 200), Math.ceil(1_000_000 / (to - from + 1)));
    return insert(bytes, to, Buffer.concat(Array.from({ length: times }, () => bytes.subarray(from, to))));
  },
  function splice(bytes, random, other) {
    const [from, to] = stretch(other, random);
    return insert(bytes, at(bytes, random), other.subarray(from, to));
  },
  function crossOver(bytes, random, other) {
    return Buffer.concat([bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random))]);
  },
  function blank(bytes, random) {
    const copy = Buffer.from(bytes);
    const [from, to] = stretch(bytes, random);
    return copy.fill(random.pick([0x00, 0x20, 0xff, 0x3c]), from, to);
  },
  function addWord(bytes, random) {
    return insert(bytes, at(bytes, random), random.pick(WORDS));
  },
  function changeNumber(bytes, random) {
    const text = bytes.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return bytes;
    const { 0: number, index } = random.pick(numbers);
    const changed = random.pick(NUMBERS);
    return Buffer.from(text.slice(0, index) + changed + text.slice(index + number.length), 'latin1');
  },
];

/** One to four mutations, one after the other; half the time those of an archive's members. */
export function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const inside = bytes.subarray(0, 2).toString() === 'PK' && random.chance(0.7);
  return inside ? mutateMembers(bytes, random, other) : mutateBytes(bytes, random, other);
}

function mutateBytes(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let mutated = bytes;
  for (let count = random.int(1, 4); count > 0 && mutated.length > 0; count--) {
    mutated = random.pick(MUTATIONS)(mutated, random, other);
  }
  return mutated;
}

function mutateMembers(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const members: [name: string, content: Uint8Array][] = Object.entries(unzipSync(bytes));
  for (let count = random.int(1, 3); count > 0; count--) {
    const index = random.int(0, members.length - 1);
    const [name, content] = members[index]!;
    const [otherName, otherContent] = random.pick(members);
    const change = random.next();
    if (change < 0.7) members[index] = [name, mutateBytes(Buffer.from(content), random, other)];
    else if (change < 0.8) members[index] = [name, otherContent];
    else if (change < 0.9) members[index] = [otherName, content];
    else members[index] = [mutateBytes(Buffer.from(name), random, other).toString('latin1'), content];
  }
  const files: Zippable = {};
  for (const [name, content] of members) files[name.slice(0, 1000)] = [new Uint8Array(content), { level: 1 }];
  return Buffer.from(zipSync(files));
}
