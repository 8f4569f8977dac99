import { interfaceName } from '../check.ts';
import { found, reopen } from './founding.ts';
import { Network } from './network.ts';
import { routedLayout } from './routed-layout.ts';
import { checkOptions, type NetworkOptions, type UseOptions } from './settings.ts';

export type RoutedOptions = NetworkOptions;

/**
 * Namespaces that the host routes to, without a bridge: a pair and a route each. No limit of ports,
 * no broadcasts, no ARP, and cheaper to make and to free than ports of a bridge.
 */
export class RoutedNetwork extends Network {
  /** Makes the network: a link that holds the host's address in it, and where asked for its rules. */
  static async create(options: RoutedOptions): Promise<RoutedNetwork> {
    const settings = checkOptions('routed', options);
    return found(options, settings, routedLayout, (parts) => new RoutedNetwork(parts, options));
  }

  /** Opens a network that is there, by whatever process it was made, and finds its endpoints again. */
  static async open(name: string, use: UseOptions = {}): Promise<RoutedNetwork> {
    interfaceName('name', name);
    return reopen('routed', name, use, routedLayout, (parts) => new RoutedNetwork(parts, use));
  }
}
