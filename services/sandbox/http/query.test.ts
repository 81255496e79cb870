import { expect, test } from 'vitest';

import { isSet, readDeleteOptions, readListOptions, readWriteOptions } from './query.ts';

const queryOf = (text: string): URLSearchParams => new URLSearchParams(text);

test('takes a flag for set unless it says false or 0', () => {
  expect(['watch', 'watch=1', 'watch=true'].map((text) => isSet(queryOf(text), 'watch'))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['', 'watch=0', 'watch=False'].map((text) => isSet(queryOf(text), 'watch'))).toEqual([
    false,
    false,
    false,
  ]);
});

test('passes on what a list is asked for and leaves the rest out', () => {
  expect(readListOptions(queryOf('limit=500&labelSelector=a%3Db&continue='))).toEqual({
    kind: 'read',
    value: { limit: 500, labelSelector: 'a=b' },
  });
});

test('refuses a limit that is no number, in the words of the real server', () => {
  expect(readListOptions(queryOf('limit=abc'))).toMatchObject({
    status: { code: 400, message: 'strconv.ParseInt: parsing "abc": invalid syntax' },
  });
});

test('refuses a dry run of anything but everything', () => {
  expect(readWriteOptions(queryOf('dryRun=All&fieldValidation=Strict'), 'CreateOptions')).toEqual({
    kind: 'read',
    value: { dryRun: true, fieldValidation: 'Strict' },
  });
  expect(readWriteOptions(queryOf('dryRun=Some'), 'CreateOptions')).toMatchObject({
    status: {
      code: 422,
      message:
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
    },
  });
});

test('reads delete options from the body, or from the query where there is no body', () => {
  const body = {
    propagationPolicy: 'Foreground',
    preconditions: { uid: 'u', resourceVersion: '5' },
    dryRun: ['All'],
  };
  expect(readDeleteOptions(queryOf('propagationPolicy=Orphan'), body)).toEqual({
    kind: 'read',
    value: {
      dryRun: true,
      options: {
        propagationPolicy: 'Foreground',
        preconditions: { uid: 'u', resourceVersion: '5' },
      },
    },
  });
  expect(
    readDeleteOptions(queryOf('propagationPolicy=Orphan&gracePeriodSeconds=0'), undefined),
  ).toEqual({
    kind: 'read',
    value: { dryRun: false, options: { propagationPolicy: 'Orphan', gracePeriodSeconds: 0 } },
  });
  expect(readDeleteOptions(queryOf('dryRun=All'), {})).toEqual({
    kind: 'read',
    value: { dryRun: false, options: {} },
  });
});
