import { link, NetNs } from 'node-netns';
import { expect, test } from 'vitest';
import { DecodeError } from '../../lib/wire/errors.ts';

test('an answer that can not be read fails its own request alone', async () => {
  using ns = await NetNs.create();
  const odd = {
    ...link.get('lo'),
    read() {
      throw new DecodeError('odd bytes', 4, 'linkinfo.kind');
    },
  };
  await expect(ns.batch([link.get('lo'), odd])).rejects.toMatchObject({
    code: 'ERR_NETLINK_DECODE',
    attribute: 'linkinfo.kind',
    message: 'link.get: linkinfo.kind: odd bytes',
  });
  expect((await ns.link.get('lo')).name).toBe('lo');
});
