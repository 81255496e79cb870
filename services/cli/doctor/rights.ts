import { orFine, unseen } from './examination.ts';
import type { Check, Finding } from './examination.ts';

/** What somebody needs and may not do fails only when it is needed. */
export const rights: Check = {
  name: 'rights',
  judge({ rights: asked }) {
    if (!asked.ok) return unseen(asked.problem);
    const troubles = asked.value
      .filter(({ allowed }) => !allowed)
      .map(({ who, what, needs }): Finding => ({
        level: who === 'you' ? 'warn' : 'fail',
        about: who,
        found: `may not ${what}`,
        remedy:
          who === 'you'
            ? `needed for ${needs}; ask for it`
            : `deploy/overlays/${needs} grants it; apply yours`,
      }));
    return orFine(troubles, `${asked.value.length} rights asked for, none missing`);
  },
};
