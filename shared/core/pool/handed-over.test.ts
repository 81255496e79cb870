import { describe, test } from 'vitest';
import type { Revision, Vmi } from '#shared/contract/objects.ts';
import { revisionLabel } from '#shared/contract/words.ts';
import { given, type Story } from '../testing/given.ts';
import { aDigest, aPool, aRevision, aTemplate, aVm, aVmi } from '../testing/objects.ts';

/** A pool that KubeVirt kept before, whose revision reads otherwise than the template that it holds. */

const words = (text: string) => ({ ...aDigest(), vmiSpec: aDigest(text).vmiSpec ?? '' });
const template = aTemplate({ digest: words('as people wrote it') });
const edited = aTemplate({ digest: words('edited') });
const theirs = aRevision({ digest: words('as KubeVirt wrote it') });
const ours = aRevision({
  name: 'web-2',
  digest: template.digest,
  revision: 2,
  annotations: { 'rollcall.dev/effect': 'ffffffff.1.1.0' },
});

function instance(name: string): Vmi {
  return aVmi(name, { owner: aVm(name), labels: { [revisionLabel]: 'web-1' } });
}

function handedOver(...revisions: readonly Revision[]): Story {
  const pool = aPool({ replicas: 1, template, generation: 2 });
  return given(pool, ...revisions, aVm('web-0'), instance('web-0'));
}

describe('a pool that is handed over', () => {
  test('is not restarted because KubeVirt spells its template in another way', () => {
    handedOver(theirs).rests();
    handedOver(theirs, ours).rests();
  });

  test('is restarted with the next edit of its template', () => {
    handedOver(theirs, ours)
      .rests()
      .changes({ template: edited })
      .decides({ verb: 'create-revision' });
  });

  test('is not restarted by an edit that KubeVirt itself has kept since', () => {
    const kept = aRevision({ name: 'web-3', digest: words('edited, in its words'), revision: 3 });
    const copy = { ...ours, meta: { ...ours.meta, name: 'web-3-2' }, digest: edited.digest };
    const vm = aVm('web-0', { revision: 'web-3' });
    given(aPool({ replicas: 1, template, generation: 2 }), theirs, vm)
      .under({ mode: 'observe' })
      .changes({ template: edited })
      .sees(kept, { ...copy, revision: 3 })
      .under({ mode: 'manage' })
      .rests();
  });

  test('goes on with a roll-out where one of the revisions reads as the template does', () => {
    const read = aRevision({ name: 'web-2', digest: template.digest, revision: 2 });
    handedOver(theirs, read).decides({ verb: 'update-vm' });
  });
});
