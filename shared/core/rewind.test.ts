import { expect, test } from 'vitest';
import { kinds } from '#shared/contract/kinds.ts';
import type { Observable } from '#shared/contract/objects.ts';
import { aPool, aRevision, aVm } from './testing/objects.ts';
import { given } from './testing/given.ts';

const rewound = {
  type: 'rewound',
  id: 'one',
  by: 'alice',
  askedAt: '2026-01-01T00:00:00.000Z',
} as const;
const create = (name: string) => ({ verb: 'create-vm', name }) as const;

/** A pool of two at versions that the cluster, set back, no longer knows. */
function setBack() {
  const [pool, revision] = [aPool({ replicas: 2 }), aRevision()];
  const late = [aVm('web-0', { version: 1900 }), aVm('web-1', { version: 1901 })];
  const early = [pool, revision, aVm('web-0', { version: 500 })];
  const story = given(pool, revision, ...late);
  const surveys = (objects: readonly Observable[], version: number): void => {
    for (const kind of kinds) {
      const ofKind = objects.filter((object) => object.kind === kind);
      story.surveys(kind, ofKind, version);
    }
  };
  return { story, early, surveys };
}

test('a cluster that was set back is not believed, and its sets are told as such', () => {
  const { story, early, surveys } = setBack();
  surveys(early, 1200);
  story
    .waits()
    .after(5_000)
    .tells(
      'Unsynced',
      'the cluster lists VirtualMachine at an older version than it was known at: if it was restored from a backup, rollcall accept-rewind lets the log follow it',
    );
});

test('once somebody answers for it, what the cluster lists counts, at whatever version', () => {
  const { story, early, surveys } = setBack();
  surveys(early, 1200);
  story.folds(rewound).waits();
  surveys(early, 1200);
  story.decides(create('web-1'));
});

test('what had vanished may be back under its uid', () => {
  const { story, early, surveys } = setBack();
  const last = aVm('web-1', { version: 1901 });
  story.loses(last).folds(rewound);
  const again = [...early, aVm('web-1', { version: 400 })];
  surveys(again, 1200);
  story.rests();
  expect(story.view.vanished.size).toBe(0);
});

test('a smaller size that came with it explains no mass deletion', () => {
  const pool = aPool({ replicas: 40 });
  const story = given(pool, aRevision());
  story.scales(3);
  expect(story.view.memories.get(pool.meta.uid)?.explained).toBe(37);
  story.folds(rewound);
  expect(story.view.memories.get(pool.meta.uid)).toMatchObject({ explained: 0, loweredFrom: 0 });
  expect(story.view.objects.size).toBe(0);
});
