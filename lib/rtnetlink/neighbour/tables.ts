import { checkKeys, device, object } from '../../check.ts';
import { invalidValue } from '../../errors.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP, NLM_F_REPLACE } from '../../wire/message.ts';
import type { Infer } from '../../wire/schema.ts';
import { AF_UNSPEC, type Family, familyName, familyNumber } from '../families.ts';
import { change, NETLINK_ROUTE } from '../requests.ts';
import { RTM_GETNEIGHTBL, RTM_SETNEIGHTBL } from './constants.ts';
import { ndtmsg, neighbourTablesTable, type parametersTable } from './schema.ts';

/** How neighbours are resolved and kept. Times in milliseconds. */
export type NeighbourParameters = Omit<Infer<typeof parametersTable>, 'dev'>;

/** The settings of one link. */
export type NeighbourTableDevice = NeighbourParameters & {
  /** The link's ifindex. */
  dev: number;
};

/** A table of neighbours: 'arp_cache' or 'ndisc_cache'. */
export interface NeighbourTable {
  family: Family;
  name: string;
  /** Entries below this number are never collected as garbage. */
  thresh1?: number;
  /** Above this number for five seconds, garbage is collected. */
  thresh2?: number;
  /** The most entries there may be. */
  thresh3?: number;
  /** Milliseconds between collections. */
  gcInterval?: number;
  config?: Infer<typeof neighbourTablesTable>['config'];
  stats?: Infer<typeof neighbourTablesTable>['stats'];
  /** What new links begin with. */
  parms: NeighbourParameters;
  devices: NeighbourTableDevice[];
}

const CHANGEABLE = [
  'baseReachableTime',
  'retransTime',
  'gcStaleTime',
  'delayProbeTime',
  'queueLen',
  'queueLenBytes',
  'appProbes',
  'unicastProbes',
  'multicastProbes',
  'multicastReprobes',
  'anycastDelay',
  'proxyDelay',
  'proxyQueueLen',
  'lockTime',
  'intervalProbeTime',
] as const;

/** What may be changed; the thresholds and `gcInterval` are of the whole table, without `dev`. */
export interface NeighbourTableChange
  extends Pick<NeighbourParameters, (typeof CHANGEABLE)[number]> {
  family: Family;
  /** The link whose settings are meant; the defaults of the table without it. */
  dev?: Dev;
  thresh1?: number;
  thresh2?: number;
  thresh3?: number;
  gcInterval?: number;
}

const OF_TABLE = ['thresh1', 'thresh2', 'thresh3', 'gcInterval'] as const;
const CHANGE_KEYS = new Set<string>(['family', 'dev', ...OF_TABLE, ...CHANGEABLE]);
const NAMES = { inet: 'arp_cache', inet6: 'ndisc_cache' } as const;
const SCHEMA = { header: ndtmsg.size, table: neighbourTablesTable };

export function listTables(filter: { family?: Family } = {}): Request<NeighbourTable[]> {
  object('filter', filter);
  checkKeys('filter', filter, new Set(['family']));
  const family =
    filter.family === undefined ? AF_UNSPEC : familyNumber('filter.family', filter.family);
  return {
    operation: 'neighbour.tables',
    family: NETLINK_ROUTE,
    write(m) {
      m.begin(RTM_GETNEIGHTBL, NLM_F_DUMP, 'RTM_GETNEIGHTBL', SCHEMA);
      m.writer.u8(family);
      m.writer.zeros(ndtmsg.size - 1);
      m.end();
    },
    read(r) {
      const tables: NeighbourTable[] = [];
      while (r.next()) {
        const header = ndtmsg.read(r.bytes, r.view, r.from, r.to - r.from);
        const known = familyName(header.family);
        const { name, parms, ...rest } = neighbourTablesTable.decode(
          r.bytes,
          r.view,
          r.from + ndtmsg.size,
          r.to,
        );
        if (known === undefined || name === undefined) continue;
        const { dev, ...parameters } = parms ?? {};
        // Only the message that tells the table itself has its configuration; others are of links.
        if (rest.config !== undefined) {
          tables.push({ family: known, name, ...rest, parms: parameters, devices: [] });
        } else if (typeof dev === 'number') {
          tables.find((one) => one.name === name)?.devices.push({ dev, ...parameters });
        }
      }
      return tables;
    },
  };
}

export function setTable(spec: NeighbourTableChange): Request<void> {
  object('table', spec);
  checkKeys('table', spec, CHANGE_KEYS);
  const family = familyNumber('table.family', spec.family);
  if (spec.dev !== undefined) {
    device('table.dev', spec.dev);
    for (const key of OF_TABLE) {
      if (spec[key] !== undefined) {
        throw invalidValue(
          `table.${key}`,
          spec[key],
          'left out with dev: it is of the whole table',
        );
      }
    }
  }
  const { family: _family, dev, thresh1, thresh2, thresh3, gcInterval, ...parameters } = spec;
  const parms = Object.values(parameters).some((value) => value !== undefined)
    ? dev === undefined
      ? parameters
      : { dev, ...parameters }
    : undefined;
  return change('neighbour.setTable', (m) => {
    m.begin(RTM_SETNEIGHTBL, NLM_F_REPLACE, 'RTM_SETNEIGHTBL', SCHEMA);
    m.writer.u8(family);
    m.writer.zeros(ndtmsg.size - 1);
    neighbourTablesTable.encode(
      m.writer,
      { name: NAMES[spec.family], thresh1, thresh2, thresh3, gcInterval, parms },
      'table',
    );
    m.end();
  });
}
