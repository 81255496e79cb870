import { always, flag, kindShape, listOf, mapOf, open, shape, text } from './shapes.ts';

/* Questions that are answered and not kept. */

const resourceAttributes = shape({
  namespace: text,
  verb: text,
  group: text,
  version: text,
  resource: text,
  subresource: text,
  name: text,
  fieldSelector: open,
  labelSelector: open,
});

const nonResourceAttributes = shape({ path: text, verb: text });
const extra = mapOf(listOf(text));
const user = shape({ username: text, uid: text, groups: listOf(text), extra });
const attributes = { resourceAttributes, nonResourceAttributes };

const verdict = shape({ allowed: flag, denied: flag, reason: text, evaluationError: text });

export const tokenReviewSchema = kindShape({
  spec: always(shape({ token: text, audiences: listOf(text) })),
  status: always(shape({ authenticated: flag, user, audiences: listOf(text), error: text })),
});

export const accessReviewSchema = kindShape({
  spec: always(shape({ ...attributes, user: text, groups: listOf(text), uid: text, extra })),
  status: always(verdict),
});

export const selfAccessReviewSchema = kindShape({
  spec: always(shape(attributes)),
  status: always(verdict),
});

export const selfRulesReviewSchema = kindShape({
  spec: always(shape({ namespace: text })),
  status: always(
    shape({
      resourceRules: listOf(open),
      nonResourceRules: listOf(open),
      incomplete: flag,
      evaluationError: text,
    }),
  ),
});

export const selfReviewSchema = kindShape({ status: always(shape({ userInfo: user })) });

export const tokenRequestSchema = kindShape({ spec: open, status: open });
