import { BridgeNetwork } from 'node-netns';
import { freshName } from './containers.ts';

type Endpoint = Awaited<ReturnType<BridgeNetwork['attach']>>;

/** Our own bridge, set up as the floor's; nothing but attaches and detaches happen on it. */
export function openBridge(): Promise<BridgeNetwork> {
  return BridgeNetwork.create({ name: freshName(), subnet: '10.99.0.0/16' });
}

/** Removes the endpoints outside of what is timed. */
export async function detachAll(endpoints: readonly Endpoint[]): Promise<void> {
  await Promise.all(endpoints.map((endpoint) => endpoint.detach()));
}

export type { Endpoint };
