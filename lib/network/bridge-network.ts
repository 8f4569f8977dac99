import { interfaceName } from '../check.ts';
import { bridgeLayout } from './bridge-layout.ts';
import { found, reopen } from './founding.ts';
import { Network } from './network.ts';
import { checkOptions, type NetworkOptions, type UseOptions } from './settings.ts';

export type BridgeOptions = NetworkOptions;

/**
 * Namespaces on a bridge of the host: each has an address in the subnet, all reach each other and,
 * through the bridge's address, the host and what is behind it. A bridge takes 1,023 endpoints.
 */
export class BridgeNetwork extends Network {
  /** Makes the bridge with its address and, where asked for, its rules. */
  static async create(options: BridgeOptions): Promise<BridgeNetwork> {
    const settings = checkOptions('bridge', options);
    return found(options, settings, bridgeLayout, (parts) => new BridgeNetwork(parts, options));
  }

  /** Opens a network that is there, by whatever process it was made, and finds its endpoints again. */
  static async open(name: string, use: UseOptions = {}): Promise<BridgeNetwork> {
    interfaceName('name', name);
    return reopen('bridge', name, use, bridgeLayout, (parts) => new BridgeNetwork(parts, use));
  }
}
