import { device } from '../../check.ts';
import type { Messages, Schema } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import { type Composed, type Dev, nothing, type Request } from '../../netlink/request.ts';
import type { Infer } from '../../wire/schema.ts';
import { checkFeatures, type Feature } from '../features.ts';
import {
  CTRL_CMD_GETFAMILY,
  CTRL_VERSION,
  ETHTOOL_GENL_NAME,
  ETHTOOL_GENL_VERSION,
  ETHTOOL_MSG_FEATURES_GET,
  ETHTOOL_MSG_FEATURES_SET,
  ETHTOOL_MSG_LINKINFO_GET,
  ETHTOOL_MSG_LINKMODES_GET,
  ETHTOOL_MSG_LINKSTATE_GET,
  GENL_ID_CTRL,
  NETLINK_GENERIC,
} from './constants.ts';
import {
  type bitsetTable,
  controlTable,
  featuresTable,
  genericMessage,
  linkInfoTable,
  linkModesTable,
  linkStateTable,
} from './schema.ts';

/** The number that this boot of the kernel gave a generic netlink family; ENOENT when it has none. */
export function genericFamily(name: string): Request<number> {
  return {
    operation: 'generic.family',
    family: NETLINK_GENERIC,
    write(m) {
      begin(m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_VERSION, 'CTRL_CMD_GETFAMILY', controlTable);
      controlTable.encode(m.writer, { name }, 'family');
      m.end();
    },
    read(r) {
      let found = 0;
      while (r.next()) {
        const at = r.from + genericMessage.size;
        found = controlTable.decode(r.bytes, r.view, at, r.to).id ?? found;
      }
      return found;
    },
  };
}

function begin(
  m: Messages,
  type: number,
  command: number,
  version: number,
  syscall: string,
  table: Schema['table'],
): void {
  m.begin(type, 0, syscall, { header: genericMessage.size, table });
  m.writer.u8(command);
  m.writer.u8(version);
  m.writer.u16(0);
}

const SPEED_UNKNOWN = 0xffffffff;

/** How a link talks to its partner. */
export interface LinkModes {
  /** Megabits a second; undefined where unknown. */
  speed: number | undefined;
  duplex: 'half' | 'full' | undefined;
  autonegotiation: boolean;
  port: string | number | undefined;
  /** Whether the driver sees a partner. */
  link: boolean | undefined;
  lanes: number | undefined;
  supported: string[];
  advertised: string[];
  partnerAdvertised: string[];
}

interface Message {
  command: number;
  syscall: string;
  table:
    | typeof linkInfoTable
    | typeof linkModesTable
    | typeof linkStateTable
    | typeof featuresTable;
}

const LINKINFO = {
  command: ETHTOOL_MSG_LINKINFO_GET,
  syscall: 'ETHTOOL_MSG_LINKINFO_GET',
  table: linkInfoTable,
};
const LINKMODES = {
  command: ETHTOOL_MSG_LINKMODES_GET,
  syscall: 'ETHTOOL_MSG_LINKMODES_GET',
  table: linkModesTable,
};
const LINKSTATE = {
  command: ETHTOOL_MSG_LINKSTATE_GET,
  syscall: 'ETHTOOL_MSG_LINKSTATE_GET',
  table: linkStateTable,
};
const FEATURES = {
  command: ETHTOOL_MSG_FEATURES_GET,
  syscall: 'ETHTOOL_MSG_FEATURES_GET',
  table: featuresTable,
};

function ask<T>(
  type: number,
  dev: Dev,
  message: Message,
  read: (r: Replies, at: number) => T,
): Request<T | undefined> {
  return {
    operation: 'ethtool.get',
    family: NETLINK_GENERIC,
    write(m) {
      begin(m, type, message.command, ETHTOOL_GENL_VERSION, message.syscall, message.table);
      const header = typeof dev === 'number' ? { index: dev } : { name: dev };
      message.table.encode(m.writer, { header }, 'ethtool');
      m.end();
    },
    read(r) {
      let found: T | undefined;
      while (r.next()) found ??= read(r, r.from + genericMessage.size);
      return found;
    },
  };
}

type Bitset = Infer<typeof bitsetTable>;

/** Names of the bits that are set, and of those that count. */
function namesOf(set: Bitset | undefined): { on: string[]; counted: string[] } {
  const on: string[] = [];
  const counted: string[] = [];
  for (const { name, index, value } of set?.bits ?? []) {
    const known = name ?? String(index);
    counted.push(known);
    // Without a mask, being listed is being set.
    if (value || set?.noMask) on.push(known);
  }
  return { on, counted };
}

function featuresOf(wire: Infer<typeof featuresTable>): Record<string, Feature> {
  const changeable = namesOf(wire.hardware).on;
  const wanted = namesOf(wire.wanted).on;
  const active = namesOf(wire.active).on;
  const never = new Set(namesOf(wire.noChange).on);
  const features: Record<string, Feature> = {};
  for (const name of new Set([...changeable, ...wanted, ...active, ...never])) {
    features[name] = {
      active: active.includes(name),
      requested: wanted.includes(name),
      changeable: changeable.includes(name) && !never.has(name),
    };
  }
  return features;
}

function settingsOf(answers: unknown[]): LinkModes {
  const [info, modes, state] = answers as [
    Infer<typeof linkInfoTable> | undefined,
    Infer<typeof linkModesTable> | undefined,
    Infer<typeof linkStateTable> | undefined,
  ];
  const ours = namesOf(modes?.ours);
  return {
    speed: modes?.speed === SPEED_UNKNOWN ? undefined : modes?.speed,
    duplex: modes?.duplex === 'half' || modes?.duplex === 'full' ? modes.duplex : undefined,
    autonegotiation: modes?.autonegotiation ?? false,
    port: info?.port,
    link: state?.link,
    lanes: modes?.lanes,
    supported: ours.counted,
    advertised: ours.on,
    partnerAdvertised: namesOf(modes?.peer).on,
  };
}

/** The same questions as by ioctl, by generic netlink (since 5.6): by index and any name, with the kernel's explanations. */
export const ethtoolNetlink = {
  /** Offloads that are at work, asked for or changeable, by the kernel's names. */
  features(dev: Dev): Composed<Record<string, Feature>, number> {
    device('dev', dev);
    return {
      operation: 'ethtoolNetlink.features',
      first: genericFamily(ETHTOOL_GENL_NAME),
      next: (type) => [
        ask(type, dev, FEATURES, (r, at) => featuresTable.decode(r.bytes, r.view, at, r.to)),
      ],
      result: (_type, [wire]) => featuresOf((wire ?? {}) as Infer<typeof featuresTable>),
    };
  },

  /** Turns offloads on or off. */
  setFeatures(dev: Dev, changes: Record<string, boolean>): Composed<void, number> {
    device('dev', dev);
    checkFeatures(changes);
    const bits = Object.entries(changes).map(([name, value]) => ({ name, value }));
    return {
      operation: 'ethtoolNetlink.setFeatures',
      first: genericFamily(ETHTOOL_GENL_NAME),
      next: (type) => [
        {
          operation: 'ethtoolNetlink.setFeatures',
          family: NETLINK_GENERIC,
          write(m: Messages) {
            const { table } = FEATURES;
            begin(
              m,
              type,
              ETHTOOL_MSG_FEATURES_SET,
              ETHTOOL_GENL_VERSION,
              'ETHTOOL_MSG_FEATURES_SET',
              table,
            );
            const header = typeof dev === 'number' ? { index: dev } : { name: dev };
            table.encode(m.writer, { header, wanted: { bits } }, 'ethtool');
            m.end();
          },
          read: nothing,
        },
      ],
      result: () => undefined,
    };
  },

  /** Speed, duplex, port, modes, and whether there is a partner. */
  settings(dev: Dev): Composed<LinkModes, number> {
    device('dev', dev);
    return {
      operation: 'ethtoolNetlink.settings',
      first: genericFamily(ETHTOOL_GENL_NAME),
      next: (type) => [
        ask(type, dev, LINKINFO, (r, at) => linkInfoTable.decode(r.bytes, r.view, at, r.to)),
        ask(type, dev, LINKMODES, (r, at) => linkModesTable.decode(r.bytes, r.view, at, r.to)),
        ask(type, dev, LINKSTATE, (r, at) => linkStateTable.decode(r.bytes, r.view, at, r.to)),
      ],
      result: (_type, answers) => settingsOf(answers),
    };
  },
} as const;
