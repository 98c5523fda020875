import { describe, expect, it } from 'vitest';

import { failure, parse, useUploadFolder } from '../../../../helpers/documents/parsed-upload.ts';

useUploadFolder();

const SRT = '1\r\n00:00:01,000 --> 00:00:03,500\r\n';

describe('subtitles', () => {
  it('of SRT are their words with the times at which they are said', async () => {
    const srt =
      `${SRT}<i>The bell</i> rang &amp; rang,\r\n{\\an8}<font color="#f00">twice</font>.\r\n\r\n` +
      '2\r\n01:02:04,000 --> 01:02:06,000 X1:0 Y1:9\r\nNobody came. 3 < 4\r\n';
    for (const name of ['a.srt', 'x']) {
      const { text, metadata, segments } = await parse(srt, name);
      expect(text).toBe('[00:00:01] The bell rang & rang, twice.\n[01:02:04] Nobody came. 3 < 4');
      expect(metadata?.['media_type']).toBe('application/x-subrip');
      expect(segments).toHaveLength(1);
    }
  });

  it('of WebVTT are read without notes, styles, names and settings', async () => {
    const vtt =
      'WEBVTT - Tide\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE not said\nat all\n\nintro\n' +
      '00:01.000 --> 00:03.500 align:start position:0%\n<v.loud Ida Roe>The <00:02.000><c.yellow>bell</c> rang.</v>\n- Again.\n\n' +
      '00:00:04.000 --> 00:00:05.000\n\n1:00:00.000 --> 1:00:01.000\nEnd.';
    for (const name of ['a.vtt', 'x']) {
      const { text, metadata } = await parse(vtt, name);
      expect(text).toBe('[00:00:01] Ida Roe: The bell rang. - Again.\n[01:00:00] End.');
      expect(metadata?.['media_type']).toBe('text/vtt');
    }
  });

  it('that roll are read once', async () => {
    const cue = (second: number, words: string) =>
      `00:0${second}.000 --> 00:0${second + 1}.000\n${words}\n\n`;
    const vtt = `WEBVTT\n\n${cue(1, 'the tide')}${cue(2, 'the tide\nis out')}${cue(3, 'is out')}${cue(4, 'is out\nand low')}`;
    expect((await parse(vtt)).text).toBe('[00:00:01] the tide\n[00:00:02] is out\n[00:00:04] and low');
  });

  it('without words have no text, and times in another text stay', async () => {
    expect(await failure('WEBVTT\n\nNOTE nothing\n', 'a.vtt')).toBe('no_text');
    const notes = 'The cue 00:00:01,000 --> 00:00:02,000 is wrong.\n';
    expect((await parse(notes, 'a.txt')).text).toBe(notes);
  });
});
