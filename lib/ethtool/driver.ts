import { commandBuffer, type EthtoolSteps, fixedText, viewOf } from './command.ts';
import { ETHTOOL_GDRVINFO, ETHTOOL_GLINK, ETHTOOL_GPERMADDR } from './constants.ts';

/** What drives a link (struct ethtool_drvinfo). */
export interface DriverInfo {
  /** 'veth', 'bridge', 'tun', 'e1000e', … */
  driver: string;
  version: string;
  firmwareVersion: string;
  /** Where it sits on its bus: '0000:00:1f.6'; '' for virtual links, 'tap' for a tap. */
  busInfo: string;
  expansionRomVersion: string;
  /** How many statistics of its own the driver counts. */
  statistics: number;
  privateFlags: number;
  registersLength: number;
}

const DRVINFO_SIZE = 196;

export function* readDriver(dev: string): EthtoolSteps<DriverInfo> {
  const answer = yield { dev, bytes: commandBuffer(ETHTOOL_GDRVINFO, DRVINFO_SIZE) };
  const view = viewOf(answer);
  return {
    driver: fixedText(answer, 4, 32),
    version: fixedText(answer, 36, 32),
    firmwareVersion: fixedText(answer, 68, 32),
    busInfo: fixedText(answer, 100, 32),
    expansionRomVersion: fixedText(answer, 132, 32),
    privateFlags: view.getUint32(176, true),
    statistics: view.getUint32(180, true),
    registersLength: view.getUint32(192, true),
  };
}

/** Whether the driver sees a link (ETHTOOL_GLINK). */
export function* readCarrier(dev: string): EthtoolSteps<boolean> {
  const answer = yield { dev, bytes: commandBuffer(ETHTOOL_GLINK, 8) };
  return viewOf(answer).getUint32(4, true) !== 0;
}

/** struct ethtool_perm_addr: cmd, size, and room for MAX_ADDR_LEN bytes. */
const MAX_ADDR_LEN = 32;

/** The address that the hardware was born with; undefined where it has none (virtual links). */
export function* readPermanentAddress(dev: string): EthtoolSteps<string | undefined> {
  const ask = commandBuffer(ETHTOOL_GPERMADDR, 8 + MAX_ADDR_LEN);
  viewOf(ask).setUint32(4, MAX_ADDR_LEN, true);
  const answer = yield { dev, bytes: ask };
  const size = Math.min(viewOf(answer).getUint32(4, true), MAX_ADDR_LEN);
  const address = answer.subarray(8, 8 + size);
  if (address.every((byte) => byte === 0)) return undefined;
  return Array.from(address, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
