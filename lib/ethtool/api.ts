import { deviceName, type EthtoolRequest, type EthtoolSteps } from './command.ts';
import { type DriverInfo, readCarrier, readDriver, readPermanentAddress } from './driver.ts';
import { checkFeatures, type Feature, readFeatures, writeFeatures } from './features.ts';
import { checkRow, type ParameterRow, readRow, writeRow } from './parameters.ts';
import {
  type Channels,
  type Coalescing,
  channels,
  coalescing,
  type Pause,
  pause,
  type Rings,
  rings,
} from './rows.ts';
import {
  checkSettings,
  type LinkSettings,
  type LinkSettingsChange,
  readSettings,
  writeSettings,
} from './settings.ts';
import { readStatistics } from './statistics.ts';

function request<T>(operation: string, steps: () => EthtoolSteps<T>): EthtoolRequest<T> {
  return { operation: `ethtool.${operation}`, steps };
}

/** The rows hold exactly the words of their description, each as its type says. */
function rowRequest<T extends object>(
  operation: string,
  dev: string,
  row: ParameterRow<T>,
  build: (values: Record<string, number | boolean>) => T,
): EthtoolRequest<T> {
  const name = deviceName(dev);
  return request(operation, function* () {
    return build(yield* readRow(name, row));
  });
}

function changeRequest<T extends object>(
  operation: string,
  dev: string,
  row: ParameterRow<T>,
  change: Partial<T>,
): EthtoolRequest<void> {
  const name = deviceName(dev);
  checkRow(row, change);
  return request(operation, () => writeRow(name, row, { ...change }));
}

const number = (values: Record<string, number | boolean>, key: string): number =>
  Number(values[key]);

/**
 * What `ethtool` shows and sets, by SIOCETHTOOL. `dev` is the link's first name: the call knows no
 * alternative names and no indexes. What a driver lacks is an EOPNOTSUPP.
 */
export const ethtool = {
  /** The driver and where it sits, as `ethtool -i`. */
  driver(dev: string): EthtoolRequest<DriverInfo> {
    const name = deviceName(dev);
    return request('driver', () => readDriver(name));
  },

  /** The driver's own counters by name, as `ethtool -S`. A veth tells its peer's index as `peer_ifindex`. */
  statistics(dev: string): EthtoolRequest<Record<string, number>> {
    const name = deviceName(dev);
    return request('statistics', () => readStatistics(name));
  },

  /** Speed, duplex, port and modes, as `ethtool DEV`. */
  settings(dev: string): EthtoolRequest<LinkSettings> {
    const name = deviceName(dev);
    return request('settings', () => readSettings(name));
  },

  /** Changes speed, duplex or autonegotiation, as `ethtool -s`. */
  setSettings(dev: string, change: LinkSettingsChange): EthtoolRequest<void> {
    const name = deviceName(dev);
    checkSettings(change);
    return request('setSettings', () => writeSettings(name, { ...change }));
  },

  /** Offloads by the kernel's names, as `ethtool -k`. */
  features(dev: string): EthtoolRequest<Record<string, Feature>> {
    const name = deviceName(dev);
    return request('features', () => readFeatures(name));
  },

  /** Turns offloads on or off, as `ethtool -K`; returns all as they are afterwards. */
  setFeatures(
    dev: string,
    changes: Record<string, boolean>,
  ): EthtoolRequest<Record<string, Feature>> {
    const name = deviceName(dev);
    checkFeatures(changes);
    return request('setFeatures', () => writeFeatures(name, { ...changes }));
  },

  /** Whether the driver sees a link partner. */
  carrier(dev: string): EthtoolRequest<boolean> {
    const name = deviceName(dev);
    return request('carrier', () => readCarrier(name));
  },

  /** The address burnt into the hardware, as `ethtool -P`; undefined where there is none. */
  permanentAddress(dev: string): EthtoolRequest<string | undefined> {
    const name = deviceName(dev);
    return request('permanentAddress', () => readPermanentAddress(name));
  },

  /** Ring sizes, as `ethtool -g`. */
  rings(dev: string): EthtoolRequest<Rings> {
    return rowRequest('rings', dev, rings, (row) => ({
      rxMax: number(row, 'rxMax'),
      rxMiniMax: number(row, 'rxMiniMax'),
      rxJumboMax: number(row, 'rxJumboMax'),
      txMax: number(row, 'txMax'),
      rx: number(row, 'rx'),
      rxMini: number(row, 'rxMini'),
      rxJumbo: number(row, 'rxJumbo'),
      tx: number(row, 'tx'),
    }));
  },

  /** Changes ring sizes, as `ethtool -G`. */
  setRings(dev: string, change: Partial<Rings>): EthtoolRequest<void> {
    return changeRequest('setRings', dev, rings, change);
  },

  /** Numbers of queues, as `ethtool -l`. */
  channels(dev: string): EthtoolRequest<Channels> {
    return rowRequest('channels', dev, channels, (row) => ({
      rxMax: number(row, 'rxMax'),
      txMax: number(row, 'txMax'),
      otherMax: number(row, 'otherMax'),
      combinedMax: number(row, 'combinedMax'),
      rx: number(row, 'rx'),
      tx: number(row, 'tx'),
      other: number(row, 'other'),
      combined: number(row, 'combined'),
    }));
  },

  /** Changes numbers of queues, as `ethtool -L`. */
  setChannels(dev: string, change: Partial<Channels>): EthtoolRequest<void> {
    return changeRequest('setChannels', dev, channels, change);
  },

  /** When the hardware interrupts, as `ethtool -c`. */
  coalescing(dev: string): EthtoolRequest<Coalescing> {
    return rowRequest('coalescing', dev, coalescing, (row) => ({
      rxMicroseconds: number(row, 'rxMicroseconds'),
      rxFrames: number(row, 'rxFrames'),
      rxMicrosecondsIrq: number(row, 'rxMicrosecondsIrq'),
      rxFramesIrq: number(row, 'rxFramesIrq'),
      txMicroseconds: number(row, 'txMicroseconds'),
      txFrames: number(row, 'txFrames'),
      txMicrosecondsIrq: number(row, 'txMicrosecondsIrq'),
      txFramesIrq: number(row, 'txFramesIrq'),
      statisticsBlockMicroseconds: number(row, 'statisticsBlockMicroseconds'),
      adaptiveRx: row.adaptiveRx === true,
      adaptiveTx: row.adaptiveTx === true,
      packetRateLow: number(row, 'packetRateLow'),
      rxMicrosecondsLow: number(row, 'rxMicrosecondsLow'),
      rxFramesLow: number(row, 'rxFramesLow'),
      txMicrosecondsLow: number(row, 'txMicrosecondsLow'),
      txFramesLow: number(row, 'txFramesLow'),
      packetRateHigh: number(row, 'packetRateHigh'),
      rxMicrosecondsHigh: number(row, 'rxMicrosecondsHigh'),
      rxFramesHigh: number(row, 'rxFramesHigh'),
      txMicrosecondsHigh: number(row, 'txMicrosecondsHigh'),
      txFramesHigh: number(row, 'txFramesHigh'),
      sampleInterval: number(row, 'sampleInterval'),
    }));
  },

  /** Changes when the hardware interrupts, as `ethtool -C`. */
  setCoalescing(dev: string, change: Partial<Coalescing>): EthtoolRequest<void> {
    return changeRequest('setCoalescing', dev, coalescing, change);
  },

  /** Pause frames, as `ethtool -a`. */
  pause(dev: string): EthtoolRequest<Pause> {
    return rowRequest('pause', dev, pause, (row) => ({
      autonegotiation: row.autonegotiation === true,
      rx: row.rx === true,
      tx: row.tx === true,
    }));
  },

  /** Changes pause frames, as `ethtool -A`. */
  setPause(dev: string, change: Partial<Pause>): EthtoolRequest<void> {
    return changeRequest('setPause', dev, pause, change);
  },
} as const;
