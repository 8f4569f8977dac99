import {
  ETHTOOL_GCHANNELS,
  ETHTOOL_GCOALESCE,
  ETHTOOL_GPAUSEPARAM,
  ETHTOOL_GRINGPARAM,
  ETHTOOL_SCHANNELS,
  ETHTOOL_SCOALESCE,
  ETHTOOL_SPAUSEPARAM,
  ETHTOOL_SRINGPARAM,
} from './constants.ts';
import { parameterRow } from './parameters.ts';

/** Descriptors in each ring (struct ethtool_ringparam). */
export interface Rings {
  rxMax: number;
  rxMiniMax: number;
  rxJumboMax: number;
  txMax: number;
  rx: number;
  rxMini: number;
  rxJumbo: number;
  tx: number;
}

export const rings = parameterRow<Rings>(
  'rings',
  ETHTOOL_GRINGPARAM,
  ETHTOOL_SRINGPARAM,
  ['rxMax', 'rxMiniMax', 'rxJumboMax', 'txMax', 'rx', 'rxMini', 'rxJumbo', 'tx'],
  [],
  ['rxMax', 'rxMiniMax', 'rxJumboMax', 'txMax'],
);

/** Queues by what they carry (struct ethtool_channels). */
export interface Channels {
  rxMax: number;
  txMax: number;
  otherMax: number;
  combinedMax: number;
  rx: number;
  tx: number;
  other: number;
  combined: number;
}

export const channels = parameterRow<Channels>(
  'channels',
  ETHTOOL_GCHANNELS,
  ETHTOOL_SCHANNELS,
  ['rxMax', 'txMax', 'otherMax', 'combinedMax', 'rx', 'tx', 'other', 'combined'],
  [],
  ['rxMax', 'txMax', 'otherMax', 'combinedMax'],
);

/** When the hardware interrupts: microseconds and frames (struct ethtool_coalesce). */
export interface Coalescing {
  rxMicroseconds: number;
  rxFrames: number;
  rxMicrosecondsIrq: number;
  rxFramesIrq: number;
  txMicroseconds: number;
  txFrames: number;
  txMicrosecondsIrq: number;
  txFramesIrq: number;
  statisticsBlockMicroseconds: number;
  adaptiveRx: boolean;
  adaptiveTx: boolean;
  packetRateLow: number;
  rxMicrosecondsLow: number;
  rxFramesLow: number;
  txMicrosecondsLow: number;
  txFramesLow: number;
  packetRateHigh: number;
  rxMicrosecondsHigh: number;
  rxFramesHigh: number;
  txMicrosecondsHigh: number;
  txFramesHigh: number;
  sampleInterval: number;
}

export const coalescing = parameterRow<Coalescing>(
  'coalescing',
  ETHTOOL_GCOALESCE,
  ETHTOOL_SCOALESCE,
  [
    'rxMicroseconds',
    'rxFrames',
    'rxMicrosecondsIrq',
    'rxFramesIrq',
    'txMicroseconds',
    'txFrames',
    'txMicrosecondsIrq',
    'txFramesIrq',
    'statisticsBlockMicroseconds',
    'adaptiveRx',
    'adaptiveTx',
    'packetRateLow',
    'rxMicrosecondsLow',
    'rxFramesLow',
    'txMicrosecondsLow',
    'txFramesLow',
    'packetRateHigh',
    'rxMicrosecondsHigh',
    'rxFramesHigh',
    'txMicrosecondsHigh',
    'txFramesHigh',
    'sampleInterval',
  ],
  ['adaptiveRx', 'adaptiveTx'],
);

/** Flow control by pause frames (struct ethtool_pauseparam). */
export interface Pause {
  autonegotiation: boolean;
  rx: boolean;
  tx: boolean;
}

export const pause = parameterRow<Pause>(
  'pause',
  ETHTOOL_GPAUSEPARAM,
  ETHTOOL_SPAUSEPARAM,
  ['autonegotiation', 'rx', 'tx'],
  ['autonegotiation', 'rx', 'tx'],
);
