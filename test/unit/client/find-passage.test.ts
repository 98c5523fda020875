import { describe, expect, test } from 'vitest';

import { findPassage } from '../../../client/document/pdf/find-passage.ts';

/** Returns what a passage marks in the items of a page. */
function marked(items: readonly string[], passage: string): string[] {
  return findPassage(items, passage).ranges.map(({ item, start, end }) => items[item]!.slice(start, end));
}

describe('a passage', () => {
  test('is found across lines, hyphens and marks of its heading', () => {
    const items = ['The light', 'Of the light-', 'house at Merrow, which is', 'old. Another.'];
    expect(marked(items, '## Of the lighthouse at Merrow,\n\nwhich is **old.**')).toEqual([
      'Of the light-',
      'house at Merrow, which is',
      'old',
    ]);
  });

  test('is found with ligatures and without case', () => {
    expect(marked(['THE FIRST ﬂat ﬁsh of the sea'], 'the first flat fish of the sea')).toEqual([
      'THE FIRST ﬂat ﬁsh of the sea',
    ]);
  });

  test('is found in parts where readers differ in the order of columns', () => {
    const left = 'The pear that grows at the narrow gate is green.';
    const right = 'The plum that grows beside the old mill is blue.';
    expect(marked([right, left], `${left} ${right}`).toSorted()).toEqual([left, right].toSorted());
  });

  test('leaves the rest for the next page', () => {
    const here = 'The keeper counted the hares on the rocks';
    const there = 'of Marcliff until the dues were paid again.';
    const { ranges, rest } = findPassage(['Before it.', here], `${here} ${there}`);
    expect(ranges).toEqual([{ item: 1, start: 0, end: here.length }]);
    expect(rest.trim()).toBe(there);
    expect(findPassage([there], rest).ranges).toEqual([{ item: 0, start: 0, end: there.length }]);
  });

  test('that is elsewhere marks nothing, not even its common words', () => {
    expect(marked(['The pear is green and the plum is blue.'], 'The pear was sold in Gullby.')).toEqual([]);
    expect(marked([], 'The pear was sold.')).toEqual([]);
    expect(marked(['text'], '***')).toEqual([]);
  });

  test('that is short is found as a whole', () => {
    expect(marked(['A year.', 'Regatta', 'Winners'], 'Regatta')).toEqual(['Regatta']);
  });
});
