import { defineConfig } from 'oxlint';

import { roomRules } from './.oxlint.rooms.ts';

/** Longest file of the source, in lines. */
const LONGEST = 250;
/** Longest file of the tests, in lines. */
const LONGEST_TEST = 350;

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['client/dist', 'node_modules', 'test/bench/node_modules'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-unassigned-import': 'off',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/consistent-return': 'off',
    'no-shadow': 'off',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'unicorn/no-array-sort': 'off',
    'promise/always-return': 'off',
    eqeqeq: 'error',
    'no-console': 'error',
    'node/no-process-env': 'error',
    'promise/no-callback-in-promise': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'no-unmodified-loop-condition': 'off',
    'max-lines': ['error', { max: LONGEST }],
  },
  overrides: [
    {
      files: ['src/contract/*.ts'],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: ['../*', 'node:*'],
                message: "contract imports nothing of ours and nothing of Node's: browsers load it",
              },
            ],
          },
        ],
      },
    },
    {
      files: ['src/contract/services/*.ts'],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: ['../../*', 'node:*'],
                message: "contract imports nothing of ours and nothing of Node's: browsers load it",
              },
            ],
          },
        ],
      },
    },
    {
      files: ['client/**'],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                group: [
                  '**/src/*.ts',
                  '**/src/*/*.ts',
                  '**/src/*/*/*.ts',
                  '!**/src/contract/*.ts',
                  '!**/src/contract/*/*.ts',
                ],
                message: 'client imports only contract',
              },
            ],
          },
        ],
      },
    },
    ...roomRules,
    {
      files: ['test/**', 'src/setup/*.mjs'],
      rules: {
        'no-console': 'off',
        'typescript/no-non-null-assertion': 'off',
      },
    },
    { files: ['test/**'], rules: { 'max-lines': ['error', { max: LONGEST_TEST }] } },
    {
      files: ['src/config.ts', 'src/setup/setup.mjs', 'test/**'],
      rules: { 'node/no-process-env': 'off' },
    },
  ],
});
