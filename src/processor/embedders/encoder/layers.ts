import type { Matrices } from './matrices.ts';
import type { ModelFiles, Tensor } from './model-files.ts';
import { PANEL, SPARSE_PANEL, type Panels } from './multiply.ts';

export interface Norm {
  scale: Float32Array;
  bias: Float32Array;
}

/** The weights of one layer of the transformer. */
export interface Layer {
  /** Length of a token's state before the layer. */
  width: number;
  headWidth: number;
  attentionNorm: Norm;
  /** Three matrices side by side. */
  queryKeyValue: Panels;
  attentionOut: Panels;
  forwardNorm: Norm;
  widen: Panels;
  narrow: Panels;
}

/** Copies the weights of a layer into the memory. The first layer makes the state wider. */
export function readLayer(index: 0 | 1, { tensor }: ModelFiles, matrices: Matrices): Layer {
  const part = (name: string) => tensor(`Layer_${index}/TransformerLayer/${name}`);
  const norm = (name: string): Norm => ({
    scale: part(`${name}layer_prepostprocess/layer_norm/layer_norm_scale`).values.slice(),
    bias: part(`${name}layer_prepostprocess/layer_norm/layer_norm_bias`).values.slice(),
  });
  const forward = (name: string, panel?: number) =>
    matrices.panels(part(`FFN/${name}/Tensordot/Reshape_1`), part(`FFN/${name}/bias`), panel);
  const attention = (name: string) =>
    [part(`MultiheadAttention/${name}/kernel`), part(`MultiheadAttention/${name}/bias`)] as const;
  const [out, outBias] = attention('output_transform_single');
  return {
    width: out.values.length / out.columns,
    headWidth: index === 0 ? 64 : 128,
    attentionNorm: norm(''),
    queryKeyValue: matrices.panels(...attention('qkv_transform_single')),
    attentionOut:
      index === 0
        ? matrices.panels(stacked(out, part('dense/kernel')), added(outBias, part('dense/bias')))
        : matrices.panels(out, outBias),
    forwardNorm: norm('FFN/'),
    widen: forward('conv1'),
    narrow: forward('conv2', index === 0 ? SPARSE_PANEL : PANEL),
  };
}

function stacked(upper: Tensor, lower: Tensor): Tensor {
  const values = new Float32Array(upper.values.length + lower.values.length);
  values.set(upper.values);
  values.set(lower.values, upper.values.length);
  return { values, columns: upper.columns };
}

function added(one: Tensor, other: Tensor): Tensor {
  return { values: one.values.map((value, i) => value + (other.values[i] ?? 0)), columns: one.columns };
}
