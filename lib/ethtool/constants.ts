/** Commands of SIOCETHTOOL (linux/ethtool.h). */
export const ETHTOOL_GDRVINFO = 0x03;
export const ETHTOOL_GLINK = 0x0a;
export const ETHTOOL_GCOALESCE = 0x0e;
export const ETHTOOL_SCOALESCE = 0x0f;
export const ETHTOOL_GRINGPARAM = 0x10;
export const ETHTOOL_SRINGPARAM = 0x11;
export const ETHTOOL_GPAUSEPARAM = 0x12;
export const ETHTOOL_SPAUSEPARAM = 0x13;
export const ETHTOOL_GSTRINGS = 0x1b;
export const ETHTOOL_GSTATS = 0x1d;
export const ETHTOOL_GPERMADDR = 0x20;
export const ETHTOOL_GSSET_INFO = 0x37;
export const ETHTOOL_GFEATURES = 0x3a;
export const ETHTOOL_SFEATURES = 0x3b;
export const ETHTOOL_GCHANNELS = 0x3c;
export const ETHTOOL_SCHANNELS = 0x3d;
export const ETHTOOL_GLINKSETTINGS = 0x4c;
export const ETHTOOL_SLINKSETTINGS = 0x4d;

/** String sets (enum ethtool_stringset). */
export const ETH_SS_STATS = 1;
export const ETH_SS_FEATURES = 4;
export const ETH_SS_LINK_MODES = 11;

/** The size of a name in a string set. */
export const ETH_GSTRING_LEN = 32;

export const SPEED_UNKNOWN = 0xffffffff;
/** The driver's own statistics are at most this many: a sane bound for a count that a driver tells. */
export const MAX_STRINGS = 65536;

export const DUPLEX: Readonly<Record<number, 'half' | 'full'>> = { 0: 'half', 1: 'full' };

/** PORT_* of linux/ethtool.h. */
export const PORTS: Readonly<Record<number, string>> = {
  0: 'tp',
  1: 'aui',
  2: 'mii',
  3: 'fibre',
  4: 'bnc',
  5: 'da',
  239: 'none',
  255: 'other',
};
