import { checkKeys, device, object } from '../../check.ts';
import type { Composed, Dev, Request } from '../../netlink/request.ts';
import { AF_INET, AF_INET6, type Family, familyNumber } from '../families.ts';
import { questionOne } from '../requests.ts';
import {
  begin,
  IFINDEX_ALL,
  IFINDEX_DEFAULT,
  listNetconf,
  type NetConf,
  readNetconf,
} from './read.ts';

export type { NetConf } from './read.ts';

/** A link, or 'all' of them, or 'default': what new ones begin with. */
export type NetConfDev = Dev | 'all' | 'default';

/** Which a list is for. */
export interface NetConfFilter {
  family?: Family;
}

/** `ip netconf`: how links handle IPv4 and IPv6. Set by `sysctl`, told here without a file. */
export const netconf = {
  /** Those of one link and family, or of 'all' or 'default'. */
  get(dev: NetConfDev, family: Family): Request<NetConf> {
    const shared = dev === 'all' || dev === 'default';
    if (!shared) device('dev', dev);
    const number = familyNumber('family', family);
    const one = questionOne(
      'netconf.get',
      (m) => {
        begin(m, number, 0);
        const at = m.writer.begin(1);
        if (shared) m.writer.u32((dev === 'all' ? IFINDEX_ALL : IFINDEX_DEFAULT) >>> 0);
        else m.linkIndex(dev);
        m.writer.end(at);
        m.end();
      },
      readNetconf,
    );
    return {
      ...one,
      read(r) {
        const found = one.read(r);
        if (found === undefined) throw new Error('the kernel acknowledged RTM_GETNETCONF alone');
        return found;
      },
    };
  },

  /** Those of every link, of 'all' and of 'default'. */
  list(filter: NetConfFilter = {}): Composed<NetConf[], NetConf[]> {
    object('filter', filter);
    checkKeys('filter', filter, new Set(['family']));
    const { family } = filter;
    const first = family === undefined ? AF_INET : familyNumber('filter.family', family);
    return {
      operation: 'netconf.list',
      first: listNetconf(first),
      next: () => (family === undefined ? [listNetconf(AF_INET6)] : []),
      result: (found, [rest = []]) => [...found, ...(rest as NetConf[])],
    };
  },
} as const;
