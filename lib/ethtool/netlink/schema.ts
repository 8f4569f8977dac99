import { array, binary, bool, flag, oneOf, text, u8, u16, u32 } from '../../wire/codecs.ts';
import { attr, struct, table } from '../../wire/schema.ts';

/** struct genlmsghdr. */
export const genericMessage = struct('genlmsghdr', { command: u8, version: u8, reserved: u16 });

/** CTRL_ATTR_*: a generic netlink family. */
export const controlTable = table('family', {
  id: attr(1, u16, { kernel: 'CTRL_ATTR_FAMILY_ID' }),
  name: attr(2, text(15), { kernel: 'CTRL_ATTR_FAMILY_NAME' }),
  version: attr(3, u32, { kernel: 'CTRL_ATTR_VERSION' }),
  headerSize: attr(4, u32, { kernel: 'CTRL_ATTR_HDRSIZE' }),
  maxAttribute: attr(5, u32, { kernel: 'CTRL_ATTR_MAXATTR' }),
  operations: attr(6, binary, { kernel: 'CTRL_ATTR_OPS' }),
  groups: attr(7, binary, { kernel: 'CTRL_ATTR_MCAST_GROUPS' }),
});

/** ETHTOOL_A_HEADER_*: which link a message is about. */
export const headerTable = table('header', {
  index: attr(1, u32, { kernel: 'ETHTOOL_A_HEADER_DEV_INDEX', since: '5.6' }),
  name: attr(2, text(127), { kernel: 'ETHTOOL_A_HEADER_DEV_NAME', since: '5.6' }),
  flags: attr(3, u32, { kernel: 'ETHTOOL_A_HEADER_FLAGS', since: '5.6' }),
});

/** ETHTOOL_A_BITSET_BIT_*. */
export const bitTable = table('bit', {
  index: attr(1, u32, { kernel: 'ETHTOOL_A_BITSET_BIT_INDEX', since: '5.6' }),
  name: attr(2, text(31), { kernel: 'ETHTOOL_A_BITSET_BIT_NAME', since: '5.6' }),
  value: attr(3, flag, { kernel: 'ETHTOOL_A_BITSET_BIT_VALUE', since: '5.6' }),
});

/** ETHTOOL_A_BITSET_*: bits with names; with a mask of those that count, or without. */
export const bitsetTable = table('bitset', {
  noMask: attr(1, flag, { kernel: 'ETHTOOL_A_BITSET_NOMASK', since: '5.6' }),
  size: attr(2, u32, { kernel: 'ETHTOOL_A_BITSET_SIZE', since: '5.6' }),
  bits: attr(3, array(bitTable, 1), { kernel: 'ETHTOOL_A_BITSET_BITS', since: '5.6' }),
  value: attr(4, binary, { kernel: 'ETHTOOL_A_BITSET_VALUE', since: '5.6' }),
  mask: attr(5, binary, { kernel: 'ETHTOOL_A_BITSET_MASK', since: '5.6' }),
});

const port = oneOf(u8, { tp: 0, aui: 1, mii: 2, fibre: 3, bnc: 4, da: 5, none: 239, other: 255 });

/** ETHTOOL_A_LINKINFO_*. */
export const linkInfoTable = table('linkinfo', {
  header: attr(1, headerTable, { kernel: 'ETHTOOL_A_LINKINFO_HEADER', since: '5.6' }),
  port: attr(2, port, { kernel: 'ETHTOOL_A_LINKINFO_PORT', since: '5.6' }),
  phyAddress: attr(3, u8, { kernel: 'ETHTOOL_A_LINKINFO_PHYADDR', since: '5.6' }),
  mdix: attr(4, u8, { kernel: 'ETHTOOL_A_LINKINFO_TP_MDIX', since: '5.6' }),
  mdixControl: attr(5, u8, { kernel: 'ETHTOOL_A_LINKINFO_TP_MDIX_CTRL', since: '5.6' }),
  transceiver: attr(6, u8, { kernel: 'ETHTOOL_A_LINKINFO_TRANSCEIVER', since: '5.6' }),
});

/** ETHTOOL_A_LINKMODES_*. */
export const linkModesTable = table('linkmodes', {
  header: attr(1, headerTable, { kernel: 'ETHTOOL_A_LINKMODES_HEADER', since: '5.6' }),
  autonegotiation: attr(2, bool, { kernel: 'ETHTOOL_A_LINKMODES_AUTONEG', since: '5.6' }),
  ours: attr(3, bitsetTable, { kernel: 'ETHTOOL_A_LINKMODES_OURS', since: '5.6' }),
  peer: attr(4, bitsetTable, { kernel: 'ETHTOOL_A_LINKMODES_PEER', since: '5.6' }),
  speed: attr(5, u32, { kernel: 'ETHTOOL_A_LINKMODES_SPEED', since: '5.6' }),
  duplex: attr(6, oneOf(u8, { half: 0, full: 1, unknown: 255 }), {
    kernel: 'ETHTOOL_A_LINKMODES_DUPLEX',
    since: '5.6',
  }),
  masterSlaveConfig: attr(7, u8, {
    kernel: 'ETHTOOL_A_LINKMODES_MASTER_SLAVE_CFG',
    since: '5.8',
  }),
  masterSlaveState: attr(8, u8, {
    kernel: 'ETHTOOL_A_LINKMODES_MASTER_SLAVE_STATE',
    since: '5.8',
  }),
  lanes: attr(9, u32, { kernel: 'ETHTOOL_A_LINKMODES_LANES', since: '5.13' }),
  rateMatching: attr(10, u8, { kernel: 'ETHTOOL_A_LINKMODES_RATE_MATCHING', since: '6.1' }),
});

/** ETHTOOL_A_LINKSTATE_*. */
export const linkStateTable = table('linkstate', {
  header: attr(1, headerTable, { kernel: 'ETHTOOL_A_LINKSTATE_HEADER', since: '5.6' }),
  link: attr(2, bool, { kernel: 'ETHTOOL_A_LINKSTATE_LINK', since: '5.6' }),
  signalQuality: attr(3, u32, { kernel: 'ETHTOOL_A_LINKSTATE_SQI', since: '5.8' }),
  signalQualityMax: attr(4, u32, { kernel: 'ETHTOOL_A_LINKSTATE_SQI_MAX', since: '5.8' }),
  extendedState: attr(5, u8, { kernel: 'ETHTOOL_A_LINKSTATE_EXT_STATE', since: '5.9' }),
  extendedSubstate: attr(6, u8, { kernel: 'ETHTOOL_A_LINKSTATE_EXT_SUBSTATE', since: '5.9' }),
});

/** ETHTOOL_A_FEATURES_*. */
export const featuresTable = table('features', {
  header: attr(1, headerTable, { kernel: 'ETHTOOL_A_FEATURES_HEADER', since: '5.6' }),
  hardware: attr(2, bitsetTable, { kernel: 'ETHTOOL_A_FEATURES_HW', since: '5.6' }),
  wanted: attr(3, bitsetTable, { kernel: 'ETHTOOL_A_FEATURES_WANTED', since: '5.6' }),
  active: attr(4, bitsetTable, { kernel: 'ETHTOOL_A_FEATURES_ACTIVE', since: '5.6' }),
  noChange: attr(5, bitsetTable, { kernel: 'ETHTOOL_A_FEATURES_NOCHANGE', since: '5.6' }),
});
