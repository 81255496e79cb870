import { expect, test } from 'vitest';
import type { Observable } from '#shared/contract/objects.ts';
import { given, type Story } from '../testing/given.ts';
import {
  aPool,
  aRevision,
  aTemplateWithDisks,
  aVmWithDisk,
  later,
  terminating,
} from '../testing/objects.ts';

const template = aTemplateWithDisks('data');
const keep = { type: 'proactive', preservation: 'Offline' } as const;

function member(ordinal: number): readonly Observable[] {
  return aVmWithDisk(`web-${ordinal}`, `data-${ordinal}`);
}

function three(options: Parameters<typeof aPool>[0] = {}): Story {
  const revision = aRevision({ digest: template.digest });
  return given(aPool({ template, ...options }), revision, ...[0, 1, 2].flatMap(member)).rests();
}

const removes = { verb: 'delete-member', member: { name: 'web-2' }, purpose: 'scale-in' } as const;
const keeps = {
  verb: 'preserve-disk',
  member: { name: 'web-2' },
  disk: { kind: 'DataVolume', name: 'data-2' },
} as const;
const frees = { verb: 'free-member', member: { name: 'web-2' } } as const;

/** The DataVolume without its owner. */
function ownerless(ordinal: number): Observable {
  const [, dataVolume] = member(ordinal);
  if (dataVolume === undefined) throw new Error('no DataVolume');
  return later(dataVolume, { owners: [] });
}

function vmOf(ordinal: number): Observable {
  const [vm] = member(ordinal);
  if (vm === undefined) throw new Error('no VM');
  return vm;
}

test.each([
  ['statePreservation Offline', { scaleIn: keep }],
  ['statePreservation Online', { scaleIn: { ...keep, preservation: 'Online' as const } }],
  ['the annotation', { annotations: { 'rollcall.dev/scale-in-disks': 'keep' } }],
])(
  'with %s a disk is freed of its VM, seen to be, and only then the VM is let go',
  (_, options) => {
    const story = three(options)
      .scales(2)
      .decides({ ...removes, keepDisks: true });
    story
      .sees(terminating(vmOf(2)))
      .decides(keeps)
      .rests();
    story.settles('preserve-disk', { version: 11 }).sees(ownerless(2)).decides(frees);
    expect(story.plan?.commands).toMatchObject([{ disks: [] }]);
  },
);

test('the policy of the strategy goes before the annotation', () => {
  const scaleIn = { type: 'proactive', preservation: 'Disabled' } as const;
  const story = three({ scaleIn, annotations: { 'rollcall.dev/scale-in-disks': 'keep' } });
  story
    .scales(2)
    .decides(removes)
    .sees(terminating(vmOf(2)))
    .decides(frees);
});

test('what is refused is tried again under the policy of the removal, whatever it becomes (B7)', () => {
  const story = three({ scaleIn: keep })
    .scales(2)
    .decides(removes)
    .sees(terminating(vmOf(2)));
  story.decides(keeps).settles('preserve-disk', { outcome: 'refused', reason: 'Forbidden' });
  story.changes({ replicas: 3, scaleIn: { type: 'opportunistic' } }).rests();
  story.after(1000).decides(keeps).sees(ownerless(2)).decides(frees);
});

test('a VM that others delete leaves its disks under the strategy that says so', () => {
  three({ scaleIn: { type: 'opportunistic', preservation: 'Offline' } })
    .sees(terminating(vmOf(2)))
    .decides(keeps)
    .sees(ownerless(2))
    .decides({ ...frees, purpose: 'free' });
});

test('a VM that others delete takes its disks along where nothing is said', () => {
  const story = three()
    .sees(terminating(vmOf(2)))
    .decides({ ...frees, purpose: 'free' });
  expect(story.plan?.commands).toMatchObject([{ disks: [{ dataVolume: { name: 'data-2' } }] }]);
});

test('a member that takes up a disk that was left behind says so', () => {
  const story = three({ scaleIn: keep })
    .scales(2)
    .decides(removes)
    .sees(terminating(vmOf(2)));
  story.decides(keeps).sees(ownerless(2)).decides(frees).loses(vmOf(2)).rests();
  story.scales(3).decides({
    verb: 'create-vm',
    name: 'web-2',
    takesUp: [{ dataVolume: { name: 'data-2' }, claim: { name: 'data-2' } }],
  });
});

test('a pool that is deleted still keeps the disks of a member that went before', () => {
  const story = three({ scaleIn: keep })
    .scales(2)
    .decides(removes)
    .sees(terminating(vmOf(2)));
  const pool = story.view.objects.get(story.uid);
  if (pool === undefined) throw new Error('no pool');
  story.sees(terminating(pool)).decides(keeps);
});
