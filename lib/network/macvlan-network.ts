import { interfaceName, ipAddress } from '../check.ts';
import { invalidValue } from '../errors.ts';
import type { AddressOptions } from './addresses.ts';
import { found, reopen } from './founding.ts';
import { canonicalIp } from './ip.ts';
import { macvlanLayout } from './macvlan-layout.ts';
import { Network } from './network.ts';
import { checkOptions, settingsOf, type UseOptions } from './settings.ts';

/** What a macvlan network is made with. */
export interface MacvlanOptions extends AddressOptions, UseOptions {
  /** The name of the host's own link in the network, which holds its record. */
  name: string;
  /** The link of the host that endpoints stand on: 'eth0'. */
  parent: string;
  /** 'bridge': endpoints reach each other. 'private': they don't. 'vepa': by way of the switch outside. */
  mode?: 'bridge' | 'private' | 'vepa';
  /** Bytes; the parent's unless given. */
  mtu?: number;
  /** An address of the subnet for the host, by which it and the endpoints reach each other. */
  hostAddress?: string;
}

const MODES = ['bridge', 'private', 'vepa'];

/**
 * Namespaces that are neighbours of whatever is on a link of the host, each with a hardware address
 * of its own. No NAT, no published ports and no rules: their packets go past the host.
 */
export class MacvlanNetwork extends Network {
  static async create(options: MacvlanOptions): Promise<MacvlanNetwork> {
    const { parent, mode, hostAddress, ...rest } = options;
    interfaceName('parent', parent);
    if (mode !== undefined && !MODES.includes(mode))
      throw invalidValue('mode', mode, `one of '${MODES.join("', '")}'`);
    const { record } = checkOptions('macvlan', rest, MEANINGLESS);
    record.parent = parent;
    if (mode !== undefined && mode !== 'bridge') record.mode = mode;
    if (hostAddress !== undefined) {
      record.hostAddress = canonicalIp(ipAddress('hostAddress', hostAddress));
      record.exclude = [...(record.exclude ?? []), record.hostAddress];
    }
    const settings = settingsOf(options.name, record);
    if (
      record.hostAddress !== undefined &&
      settings.addresses.subnetOf(record.hostAddress) === undefined
    ) {
      throw invalidValue('hostAddress', hostAddress, "an address in the network's subnet");
    }
    return found(
      { ...rest, forward: false },
      settings,
      macvlanLayout,
      (parts) => new MacvlanNetwork(parts, options),
    );
  }

  /** Opens a network that is there, by whatever process it was made, and finds its endpoints again. */
  static async open(name: string, use: UseOptions = {}): Promise<MacvlanNetwork> {
    interfaceName('name', name);
    return reopen('macvlan', name, use, macvlanLayout, (parts) => new MacvlanNetwork(parts, use));
  }
}

/** The host forwards nothing of it, and its rules see nothing. */
const MEANINGLESS = ['masquerade', 'isolated', 'inbound', 'forward', 'isolatePorts'];
